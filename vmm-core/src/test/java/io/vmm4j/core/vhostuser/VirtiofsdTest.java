package io.vmm4j.core.vhostuser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.devices.testing.DriverQueue;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.GuestRam;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's virtiofsd as a back end, where it is installed (qemu-system-common) and this is root. */
@Timeout(120)
class VirtiofsdTest {

    private static final Path DAEMON = Path.of("/usr/lib/qemu/virtiofsd");
    private static final int FUSE_INIT = 26;

    @TempDir
    private Path directory;

    @Test
    void itAnswersTheFirstRequestOfADriver() throws Exception {
        assumeTrue(Files.isExecutable(DAEMON), "virtiofsd is not installed");
        assumeTrue("root".equals(System.getProperty("user.name")), "virtiofsd wants to be root");
        Path socket = directory.resolve("socket");
        Process daemon = new ProcessBuilder(DAEMON.toString(), "--socket-path=" + socket, "-o", "source=" + directory, "-o", "sandbox=chroot")
                .inheritIO().start();
        try {
            while (!Files.exists(socket)) {
                if (daemon.waitFor(10, TimeUnit.MILLISECONDS)) {
                    throw new IOException("virtiofsd has ended with status " + daemon.exitValue());
                }
            }
            try (VhostUserRig rig = new VhostUserRig(socket, new FsShape("work", 1, VhostUserRig.QUEUE_SIZE), VhostUserRig.FAST)) {
                assertEquals('w' | 'o' << 8 | 'r' << 16 | 'k' << 24, rig.driver.readConfig(0, 4));
                assertEquals(1, rig.driver.readConfig(36, 4));
                init(rig);
            }
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }

    private static void init(VhostUserRig rig) throws Exception {
        DriverQueue hiprio = DriverQueue.split(rig.memory, VhostUserRig.RINGS + 0x8000, VhostUserRig.QUEUE_SIZE, VhostUserRig.FEATURES);
        rig.driver.start(VhostUserRig.FEATURES, hiprio, rig.queue);
        rig.settle();
        // struct fuse_in_header { u32 len, opcode; u64 unique, nodeid; u32 uid, gid, pid, padding; }, u32 major, minor, max_readahead, flags
        ByteBuffer request = ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN).putInt(56).putInt(FUSE_INIT).putLong(77).putLong(0).putLong(0).putLong(0)
                .putInt(7).putInt(31).putInt(4096).putInt(0);
        GuestRam.put(rig.memory, VhostUserRig.DATA, request.array());
        int id = rig.queue.add(Buffer.readable(VhostUserRig.DATA, 40), Buffer.readable(VhostUserRig.DATA + 40, 16),
                Buffer.writable(VhostUserRig.DATA + 0x1000, 16), Buffer.writable(VhostUserRig.DATA + 0x2000, 64));
        rig.driver.notifyQueue(1);
        assertEquals(id, rig.awaitUsed().id());
        // struct fuse_out_header { u32 len; s32 error; u64 unique; }
        ByteBuffer answer = ByteBuffer.wrap(GuestRam.get(rig.memory, VhostUserRig.DATA + 0x1000, 16)).order(ByteOrder.LITTLE_ENDIAN);
        assertTrue(answer.getInt() >= 24);
        assertEquals(0, answer.getInt());
        assertEquals(77, answer.getLong());
        assertEquals(7, rig.memory.readU32(VhostUserRig.DATA + 0x2000));
    }
}
