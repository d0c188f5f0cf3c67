package io.vmm4j.core.vhostuser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** QEMU's storage daemon as a back end, where it is installed (qemu-utils). */
@Timeout(120)
class StorageDaemonTest {

    private static final Path DAEMON = Path.of("/usr/bin/qemu-storage-daemon");

    @TempDir
    private Path directory;
    private Path socket;
    private Process daemon;
    private VhostUserRig rig;

    @BeforeEach
    void begin() throws Exception {
        assumeTrue(Files.isExecutable(DAEMON), "qemu-storage-daemon is not installed");
        byte[] disk = new byte[1 << 20];
        Arrays.fill(disk, 512, 1024, (byte) 0x5a);
        Files.write(directory.resolve("disk"), disk);
        socket = directory.resolve("socket");
        startDaemon();
        rig = VhostUserRig.block(socket);
        rig.driver.start(VhostUserRig.FEATURES, rig.queue);
        rig.settle();
    }

    @AfterEach
    void end() throws Exception {
        if (rig != null) {
            rig.close();
        }
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
    }

    private void startDaemon() throws Exception {
        Path ready = directory.resolve("pid");
        daemon = new ProcessBuilder(DAEMON.toString(), "--blockdev", "driver=file,node-name=f,filename=" + directory.resolve("disk"), "--blockdev",
                "driver=raw,node-name=r,file=f", "--export", "type=vhost-user-blk,id=e,node-name=r,writable=on,addr.type=unix,addr.path=" + socket,
                "--pidfile", ready.toString()).inheritIO().start();
        while (!Files.exists(ready)) {
            if (daemon.waitFor(10, TimeUnit.MILLISECONDS)) {
                throw new IOException("qemu-storage-daemon has ended with status " + daemon.exitValue());
            }
        }
    }

    private void requireSector(int number, int value) throws Exception {
        assertEquals(rig.read(number), rig.awaitUsed().id());
        byte[] expected = new byte[512];
        Arrays.fill(expected, (byte) value);
        assertArrayEquals(expected, rig.data());
    }

    private void write(int number, int value) throws Exception {
        byte[] bytes = new byte[512];
        Arrays.fill(bytes, (byte) value);
        assertEquals(rig.write(number, bytes), rig.awaitUsed().id());
    }

    @Test
    void itServesTheGuestThroughPausesResetsAndItsOwnDeath() throws Exception {
        assertEquals(2048, rig.driver.readConfig(0, 8));
        requireSector(1, 0x5a);
        write(3, 7);
        assertEquals(7, Files.readAllBytes(directory.resolve("disk"))[3 * 512]);
        rig.device.pause().get(30, TimeUnit.SECONDS);
        rig.device.resume();
        requireSector(3, 7);
        rig.restart();
        requireSector(3, 7);
        write(4, 9);
        daemon.destroyForcibly().waitFor();
        Files.delete(directory.resolve("pid"));
        Files.deleteIfExists(socket);
        int asked = rig.read(4);
        startDaemon();
        assertEquals(asked, rig.awaitUsed().id());
        requireSector(1, 0x5a);
    }
}
