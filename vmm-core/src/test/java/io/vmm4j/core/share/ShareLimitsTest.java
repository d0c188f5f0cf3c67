package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a guest can make a file server spend, and send it. */
final class ShareLimitsTest {

    private static final int ENFILE = 23;
    private static final int MOST = 50;

    @TempDir
    private Path directory;

    @Test
    void aGuestHasABoundedNumberOfDescriptors() throws Exception {
        for (int i = 0; i < 100; i++) {
            Files.createFile(directory.resolve("file" + i));
        }
        try (FuseGuest guest = new FuseGuest(new ShareServer(ShareConfig.of(directory.toString(), "t"), new Descriptors(MOST)))) {
            long node = 0;
            for (int i = 0; i < 100; i++) {
                node = guest.lookup(1, "file" + i).node();
            }
            assertEquals(MOST, guest.server.descriptors());
            assertEquals(101, guest.server.known());
            long last = node;
            long handle = 0;
            for (int i = 0; i < MOST - 2; i++) { // but for the folder's and the file's
                handle = guest.open(last, 0);
            }
            assertEquals(ENFILE, assertThrows(FuseGuest.Refused.class, () -> guest.open(last, 0)).errno);
            assertEquals(ENFILE, assertThrows(FuseGuest.Refused.class, () -> guest.lookup(1, "file0")).errno);
            assertEquals(ENFILE, assertThrows(FuseGuest.Refused.class, () -> guest.create(1, "new", 2, 0600)).errno);
            assertTrue(Files.notExists(directory.resolve("new")));
            assertEquals(MOST, guest.server.descriptors());
            guest.release(handle);
            assertEquals(0, guest.lookup(1, "file0").size());
        }
    }

    @Test
    void whatIsNotForgottenIsGivenBackAtTheReset() throws Exception {
        ShareServer server = new ShareServer(ShareConfig.of(directory.toString(), "t"));
        try (FuseGuest guest = new FuseGuest(server)) {
            for (int i = 0; i < 20; i++) {
                guest.create(1, "file" + i, 2, 0600);
            }
            assertEquals(41, server.descriptors());
            guest.rig.driver().reset();
            guest.rig.loop().run();
            assertEquals(1, server.descriptors());
        }
        assertEquals(0, server.descriptors());
    }

    /** Requests of any bytes, most of them with an opcode that there is, on a real folder. */
    @Test
    void requestsOfAnyBytesAreAnsweredAndNothingElse() throws Exception {
        Random random = new Random(VirtioRig.seed("ShareLimitsTest"));
        Files.createDirectory(directory.resolve("sub"));
        Files.writeString(directory.resolve("file"), "x");
        try (FuseGuest guest = FuseGuest.on(directory)) {
            guest.open(guest.lookup(1, "file").node(), 2);
            for (int i = 0; i < 5000; i++) {
                byte[] args = new byte[random.nextInt(120)];
                random.nextBytes(args);
                for (int at = 0; at + 8 <= args.length; at += 8) {
                    if (random.nextInt(3) > 0) {
                        ByteBuffer.wrap(args).order(ByteOrder.LITTLE_ENDIAN).putLong(at, random.nextInt(5));
                    }
                }
                byte[] request = guest.request(random.nextInt(52), random.nextInt(6), args);
                int room = random.nextInt(3) == 0 ? random.nextInt(16) : random.nextInt(5000);
                GuestRam.put(guest.rig.memory(), VirtioRig.DATA, request);
                int length = random.nextInt(10) == 0 ? random.nextInt(request.length) : request.length;
                guest.rig.queue(1).add(Buffer.readable(VirtioRig.DATA, length), Buffer.writable(VirtioRig.DATA + 0x2_0000, room));
                guest.rig.kick(1);
                guest.rig.loop().advance(Duration.ofMillis(20));
                Used used = guest.rig.queue(1).takeUsed();
                if (used != null) { // else it waits for a lock, for as long as others like
                    assertTrue(used.length() <= room, "an answer of " + used.length() + " bytes in " + room);
                }
                if (i % 50 == 0) {
                    guest.rig.driver().reset();
                    guest.rig.loop().run();
                    guest.rig.start(0, 128, 128);
                    guest.send(1, 26, 0, FuseGuest.args(64).putInt(7).putInt(31).putInt(0).putInt(-1), 64);
                    guest.rig.queue(1).takeUsed();
                }
            }
        }
        assertTrue(Files.isDirectory(directory));
    }
}
