package io.vmm4j.devices.virtio.fs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The device and what it makes of requests, with the numbers of linux/fuse.h written out. */
final class VirtioFsTest {

    private static final long IN = VirtioRig.DATA + 0x1_0000;
    private static final long UNIQUE = 0x1122334455667788L;

    private final FakeFiles files = new FakeFiles();
    private VirtioRig<VirtioFs> rig;

    @BeforeEach
    void start() {
        rig = new VirtioRig<>(loop -> new VirtioFs(new FsConfig("tag", 2, 64), files, loop, List.of(loop, loop)));
        rig.start(0, 64, 64, 64);
    }

    static ByteBuffer request(int opcode, long node, byte[] args) {
        return ByteBuffer.allocate(40 + args.length).order(ByteOrder.LITTLE_ENDIAN).putInt(40 + args.length).putInt(opcode).putLong(UNIQUE)
                .putLong(node).putInt(1000).putInt(1001).putInt(7).putInt(0).put(args);
    }

    private static byte[] args(Object... values) {
        ByteBuffer bytes = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
        for (Object value : values) {
            if (value instanceof Integer number) {
                bytes.putInt(number);
            } else if (value instanceof Long number) {
                bytes.putLong(number);
            } else {
                bytes.put(value.toString().getBytes(StandardCharsets.UTF_8));
            }
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** The answer, header included; {@code null} when the chain has not come back. */
    private ByteBuffer exchange(int queue, byte[] request, int room) {
        GuestRam.put(rig.memory(), VirtioRig.DATA, request);
        rig.queue(queue).add(Buffer.readable(VirtioRig.DATA, request.length), Buffer.writable(IN, room));
        rig.kick(queue);
        return taken(queue);
    }

    private ByteBuffer taken(int queue) {
        Used used = rig.queue(queue).takeUsed();
        return used == null ? null : ByteBuffer.wrap(GuestRam.get(rig.memory(), IN, (int) used.length())).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer call(int opcode, long node, byte[] args, int room) {
        ByteBuffer answer = exchange(1, request(opcode, node, args).array(), 16 + room);
        assertEquals(answer.limit(), answer.getInt(0));
        assertEquals(UNIQUE, answer.getLong(8));
        return answer;
    }

    private ByteBuffer init() {
        return call(26, 0, args(7, 36, 0x20000, 0xFFFF_FFFF, 0, 0, 0L, 0L, 0L, 0L, 0L), 64);
    }

    private int error(int opcode, long node, byte[] args) {
        ByteBuffer answer = call(opcode, node, args, 4096);
        assertEquals(answer.getInt(4) == 0 ? answer.limit() : 16, answer.limit());
        return -answer.getInt(4);
    }

    @Test
    void saysItsTagAndHowManyQueuesItHas() {
        assertEquals(26, rig.device().type().id());
        assertEquals('t', rig.driver().readConfig(0, 1));
        assertEquals('g', rig.driver().readConfig(2, 1));
        assertEquals(0, rig.driver().readConfig(3, 1));
        assertEquals(2, rig.driver().readConfig(36, 4));
        assertEquals(0, rig.deviceFeatures());
        assertEquals(3, rig.device().queueSizeMax().length);
        assertThrows(IllegalArgumentException.class, () -> new FsConfig("x".repeat(37), 1, 64));
        assertThrows(IllegalArgumentException.class, () -> new FsConfig("", 1, 64));
        assertThrows(IllegalArgumentException.class, () -> new FsConfig("x", 17, 64));
    }

    @Test
    void agreesOnVersionFlagsAndSizes() {
        ByteBuffer answer = init();
        assertEquals(80, answer.limit());
        assertEquals(7, answer.getInt(16));
        assertEquals(36, answer.getInt(20));
        assertEquals(0x20000, answer.getInt(24));
        // ASYNC_READ, POSIX_LOCKS, ATOMIC_O_TRUNC, BIG_WRITES, FLOCK_LOCKS, AUTO_INVAL_DATA, both of READDIRPLUS, ASYNC_DIO, PARALLEL_DIROPS, MAX_PAGES
        assertEquals(1 | 2 | 8 | 32 | 0x400 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x40000 | 0x400000, answer.getInt(28));
        assertEquals(1 << 20, answer.getInt(36));
        assertEquals(256, answer.getShort(44));
    }

    @Test
    void refusesVersionsThatItDoesNotSpeakAndAnythingBeforeTheBegin() {
        assertEquals(5, error(1, 1, args("a\0")));
        assertEquals(71, error(26, 0, args(7, 30, 0, 0)));
        assertEquals(71, error(26, 0, args(8, 0, 0, 0)));
        assertEquals(22, error(26, 0, args(7, 31)));
        init();
        assertEquals(0, error(1, 1, args("a\0")));
        assertEquals(0, error(38, 0, args()));
        assertEquals(5, error(1, 1, args("a\0")));
    }

    @Test
    void tellsOfAFileAsTheKernelReadsIt() {
        init();
        files.content = new byte[300];
        ByteBuffer answer = call(1, 1, args("name\0"), 128);
        assertEquals(144, answer.limit());
        assertEquals(2, answer.getLong(16));
        assertEquals(1, answer.getLong(32));
        assertEquals(500_000_000, answer.getInt(48));
        assertEquals(77, answer.getLong(56));
        assertEquals(300, answer.getLong(64));
        assertEquals(0100644, answer.getInt(116));
        assertEquals(1000, answer.getInt(124));
        assertEquals(1001, answer.getInt(128));
        ByteBuffer attributes = call(3, 2, args(0, 0, 0L), 104);
        assertEquals(120, attributes.limit());
        assertEquals(77, attributes.getLong(32));
        assertEquals(2, error(1, 1, args("x\0")));
    }

    @Test
    void dataGoesBetweenTheServerAndTheGuestsBuffers() {
        init();
        byte[] data = "some data".getBytes(StandardCharsets.UTF_8);
        ByteBuffer write = ByteBuffer.allocate(40 + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(9).putLong(0).putInt(data.length);
        write.position(40).put(data);
        assertEquals(data.length, call(16, 2, write.array(), 8).getInt(16));
        assertArrayEquals(data, files.content);
        ByteBuffer read = call(15, 2, args(9L, 5L, 100, 0, 0L, 0, 0), 100);
        assertEquals("data", new String(read.array(), 16, read.limit() - 16, StandardCharsets.UTF_8));
        assertEquals(4, rig.device().statistics().readBytes());
        assertEquals(9, rig.device().statistics().writtenBytes());
        write.putInt(16, 4000);
        assertEquals(22, error(16, 2, write.array()));
    }

    @Test
    void aDirectoryIsListedAsFarAsThereIsRoom() {
        init();
        ByteBuffer plain = call(28, 1, args(9L, 0L, 70, 0, 0L, 0, 0), 4096);
        assertEquals(16 + 64, plain.limit());
        assertEquals(5, plain.getInt(32));
        assertEquals(8, plain.getInt(36));
        assertEquals(2, plain.getLong(56));
        ByteBuffer plus = call(44, 1, args(9L, 0L, 400, 0, 0L, 0, 0), 4096);
        assertEquals(16 + 320, plus.limit());
        assertEquals(2, plus.getLong(16));
        assertEquals(2, files.lookups);
    }

    @Test
    void forgetsWithoutAnAnswer() {
        init();
        call(1, 1, args("a\0"), 128);
        call(1, 1, args("a\0"), 128);
        assertEquals(0, exchange(0, request(2, 2, args(1L)).array(), 16).limit());
        assertEquals(1, files.lookups);
        exchange(0, request(42, 0, args(2, 0, 2L, 1L, 3L, 1L)).array(), 16);
        assertEquals(0, files.lookups);
    }

    @Test
    void aLockThatIsWaitedForIsAnsweredLater() {
        init();
        files.isLocked = true;
        assertNull(exchange(1, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
        files.isLocked = true;
        rig.loop().advance(Duration.ofMillis(10));
        assertNull(taken(1));
        files.isLocked = false;
        rig.loop().advance(Duration.ofMillis(10));
        assertEquals(0, taken(1).getInt(4));
        files.isLocked = true;
        assertEquals(11, error(32, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)));
        assertEquals(22, error(32, 2, args(9L, 1L, 10L, 0L, 1, 7, 0, 0)));
    }

    @Test
    void fewMayWaitForALock() {
        init();
        for (int i = 0; i < 8; i++) { // of 64 elements
            files.isLocked = true;
            assertNull(exchange(1, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
        }
        files.isLocked = true;
        assertEquals(37, error(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)));
        files.isLocked = false;
        rig.loop().advance(Duration.ofMillis(10));
        assertEquals(0, taken(1).getInt(4));
        files.isLocked = true;
        assertNull(exchange(2, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
    }

    @Test
    void aChainOfManyBuffersIsNotKept() {
        init();
        files.isLocked = true;
        byte[] request = request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array();
        GuestRam.put(rig.memory(), VirtioRig.DATA, request);
        Buffer[] parts = new Buffer[12];
        for (int i = 0; i < 11; i++) {
            parts[i] = Buffer.readable(VirtioRig.DATA + 8 * i, 8);
        }
        parts[11] = Buffer.writable(IN, 16);
        rig.queue(1).add(parts);
        rig.kick(1);
        assertEquals(-37, taken(1).getInt(4));
    }

    @Test
    void whoClosesTheFileWaitsForNoLockOnIt() {
        init();
        files.isLocked = true;
        assertNull(exchange(1, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
        exchange(2, request(25, 2, args(9L, 0L, 2L)).array(), 16);
        files.isLocked = true;
        rig.loop().advance(Duration.ofMillis(10));
        assertNull(taken(1));
        exchange(2, request(25, 2, args(9L, 0L, 1L)).array(), 16);
        rig.loop().advance(Duration.ofMillis(10));
        assertEquals(-4, taken(1).getInt(4));
    }

    @Test
    void locksAreTheGuestsOwnWhereTheServerHasNone() {
        files.policy = new FileServer.Policy(false, false, true, false);
        assertEquals(0, init().getInt(28) & (2 | 0x400));
    }

    @Test
    void whatAListingHasToldBeforeItFailsTheGuestHearsOf() {
        init();
        files.namesBeforeFailure = 2;
        ByteBuffer plus = call(44, 1, args(9L, 0L, 4000, 0, 0L, 0, 0), 4096);
        assertEquals(0, plus.getInt(4));
        assertEquals(16 + 320, plus.limit());
        assertEquals(2, files.lookups);
        assertEquals(5, error(44, 1, args(9L, 2L, 4000, 0, 0L, 0, 0)));
    }

    @Test
    void nothingIsDoneThatTheGuestHasNoRoomToHearOf() {
        init();
        assertEquals(-22, call(1, 1, args("name\0"), 100).getInt(4));
        assertEquals(0, files.lookups);
    }

    @Test
    void whoWaitsIsInterrupted() {
        init();
        files.isLocked = true;
        assertNull(exchange(1, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
        exchange(0, request(36, 0, args(UNIQUE)).array(), 16);
        rig.loop().advance(Duration.ofMillis(10));
        assertEquals(-4, taken(1).getInt(4));
    }

    @Test
    void aResetEndsTheSessionAndDropsWhoWaits() {
        init();
        int before = files.sessionsEnded;
        files.isLocked = true;
        assertNull(exchange(1, request(33, 2, args(9L, 1L, 0L, 10L, 1, 7, 0, 0)).array(), 16));
        rig.driver().reset();
        rig.loop().run();
        assertEquals(before + 1, files.sessionsEnded);
        assertEquals(0, rig.loop().armedTimers());
    }

    @Test
    void whatIsNoRequestIsGivenBackOrRefused() {
        init();
        assertEquals(0, exchange(1, new byte[39], 100).limit());
        assertEquals(0, exchange(1, request(3, 1, args(0, 0, 0L)).array(), 15).limit());
        byte[] lying = request(3, 1, args(0, 0, 0L)).putInt(0, 4000).array();
        assertEquals(-22, exchange(1, lying, 200).getInt(4));
        assertEquals(-22, exchange(1, request(3, 1, args(0, 0, 0L)).array(), 50).getInt(4));
        assertEquals(22, error(1, 1, args("no end")));
        assertEquals(22, error(1, 1, args("\0")));
        assertEquals(38, error(4711, 1, args(0L)));
        assertEquals(7, error(21, 1, args(0x1_0001, 0, "n\0")));
        assertFalse(rig.needsReset());
    }
}
