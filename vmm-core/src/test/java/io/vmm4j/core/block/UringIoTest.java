package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.LoopBarrier;
import io.vmm4j.devices.virtio.blk.BlkIo;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the host's io_uring and a file of its temporary directory. */
@Timeout(60)
final class UringIoTest {

    private static final int LENGTH = 1 << 20;

    @TempDir
    private Path directory;
    private Path image;
    private final byte[] content = new byte[LENGTH];
    private EpollEventLoop loop;
    private UringBackend backend;
    private BlkIo io;
    private final Endings endings = new Endings();

    private record Ending(int tag, IOException failure) {
    }

    private static final class Endings implements BlkIo.Listener {

        private final BlockingQueue<Ending> all = new LinkedBlockingQueue<>();

        @Override
        public void done(int tag, IOException failure) {
            all.add(new Ending(tag, failure));
        }

        @Override
        public void settled() {
            // The tests wait for the endings.
        }

        Ending next() throws InterruptedException {
            Ending ending = all.poll(30, TimeUnit.SECONDS);
            return ending == null ? fail("an operation did not end") : ending;
        }
    }

    @BeforeEach
    void open() throws IOException {
        try {
            UringBackend.requireHost();
        } catch (LinuxException e) {
            assumeTrue(false, "no io_uring on this host: " + e.getMessage());
        }
        new Random(5).nextBytes(content);
        image = Files.write(directory.resolve("disk.img"), content);
        loop = new EpollEventLoop("queue", failure -> fail(failure));
        openBackend(false);
        loop.start();
    }

    private void openBackend(boolean direct) throws IOException {
        backend = new UringBackend(DiskFile.open(image, false, direct), List.of(loop));
        io = backend.openQueue(0, endings);
    }

    @AfterEach
    void close() {
        if (loop != null) {
            loop.close();
            backend.close();
        }
    }

    private void onLoop(Runnable action) {
        LoopBarrier.run(loop, action).await();
    }

    private static ByteBuffer[] view(byte[] data) {
        return new ByteBuffer[] {ByteBuffer.allocateDirect(data.length).put(data).flip()};
    }

    private static byte[] bytes(ByteBuffer[] views) {
        byte[] all = new byte[Arrays.stream(views).mapToInt(ByteBuffer::limit).sum()];
        ByteBuffer target = ByteBuffer.wrap(all);
        for (ByteBuffer view : views) {
            target.put(view.position(0));
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyOperationsAtOnceEachDoWhatTheyShould(boolean direct) throws Exception {
        if (direct) {
            onLoop(io::close);
            backend.close();
            try {
                openOnLoop();
            } catch (LinuxException e) {
                assumeTrue(e.errno() != Errno.EINVAL, "no direct I/O in " + directory);
                throw e;
            }
        }
        Random random = new Random(13);
        int area = LENGTH / 64;
        for (int round = 0; round < 30; round++) {
            Map<Integer, ByteBuffer[]> reads = new HashMap<>();
            Map<Integer, Integer> offsets = new HashMap<>();
            onLoop(() -> {
                for (int tag = 0; tag < 64; tag++) {
                    int length = 512 * (1 + random.nextInt(area / 512));
                    int offset = tag * area + 512 * random.nextInt((area - length) / 512 + 1);
                    if (random.nextBoolean()) {
                        byte[] data = new byte[length];
                        random.nextBytes(data);
                        System.arraycopy(data, 0, content, offset, length);
                        io.write(tag, view(data), 1, offset);
                    } else {
                        ByteBuffer[] views = new ByteBuffer[100];
                        for (int i = 0; i < views.length; i++) {
                            int part = i == views.length - 1 ? length - length / 200 * 99 : length / 200;
                            views[i] = ByteBuffer.allocateDirect(part);
                        }
                        reads.put(tag, views);
                        io.read(tag, views, views.length, offset);
                        offsets.put(tag, offset);
                    }
                }
                io.submit();
            });
            for (int i = 0; i < 64; i++) {
                Ending ending = endings.next();
                assertNull(ending.failure, () -> String.valueOf(ending.failure));
                ByteBuffer[] views = reads.get(ending.tag);
                if (views != null) {
                    byte[] read = bytes(views);
                    int offset = offsets.get(ending.tag);
                    assertArrayEquals(Arrays.copyOfRange(content, offset, offset + read.length), read, "tag " + ending.tag);
                }
            }
        }
        assertArrayEquals(content, Files.readAllBytes(image));
    }

    private void openOnLoop() throws IOException {
        IOException[] failure = new IOException[1];
        onLoop(() -> {
            try {
                openBackend(true);
            } catch (IOException e) {
                failure[0] = e;
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    @Test
    void aFlushAndAnEmptyReadEndWell() throws Exception {
        onLoop(() -> {
            io.flush(7);
            io.read(8, new ByteBuffer[0], 0, 512);
            io.submit();
        });
        assertEquals(List.of(7, 8), List.of(endings.next(), endings.next()).stream().map(Ending::tag).sorted().toList());
    }

    @Test
    void readingPastTheEndFailsAndSaysWhere() throws Exception {
        try (FileChannel other = FileChannel.open(image, StandardOpenOption.WRITE)) {
            other.truncate(LENGTH / 2);
        }
        onLoop(() -> {
            io.read(1, view(new byte[4096]), 1, LENGTH / 2 - 512);
            io.submit();
        });
        Ending ending = endings.next();
        assertInstanceOf(EOFException.class, ending.failure);
        assertEquals("the image ends before byte " + LENGTH / 2, ending.failure.getMessage());
    }

    @Test
    void hostErrorsAreNamed() throws Exception {
        onLoop(() -> {
            io.write(3, view(new byte[512]), 1, Long.MAX_VALUE - 256);
            io.submit();
        });
        Ending ending = endings.next();
        assertTrue(ending.failure.getMessage().startsWith("write: "), ending.failure.getMessage());
    }

    @Test
    void afterADrainNothingIsInFlightAndNoMemoryIsTouched() {
        ByteBuffer[][] views = new ByteBuffer[128][];
        int[] ended = new int[1];
        onLoop(() -> {
            for (int tag = 0; tag < 128; tag++) {
                views[tag] = view(new byte[4096]);
                io.read(tag, views[tag], 1, 4096L * tag);
            }
            io.submit();
            io.drain();
            ended[0] = endings.all.size();
            for (ByteBuffer[] view : views) {
                view[0].position(0).put(new byte[4096]);
            }
        });
        assertEquals(128, ended[0]);
        onLoop(() -> { });
        for (ByteBuffer[] view : views) {
            assertArrayEquals(new byte[4096], bytes(view));
        }
    }

    @Test
    void closingWaitsForWhatIsInFlightAndTellsNobody() {
        onLoop(() -> {
            for (int tag = 0; tag < 100; tag++) {
                io.write(tag, view(new byte[512]), 1, 512L * tag);
            }
            io.submit();
            io.write(100, view(new byte[512]), 1, 512L * 100);
            endings.all.clear();
            io.close();
            io.close();
        });
        assertEquals(0, endings.all.size());
    }

    @Test
    void discardsAndZeroesAreDone() throws Exception {
        onLoop(() -> {
            io.discard(1, 0, 4096);
            io.writeZeroes(2, 8192, 8192, true);
            io.submit();
        });
        assertNull(endings.next().failure);
        assertNull(endings.next().failure);
        byte[] now = Files.readAllBytes(image);
        assertArrayEquals(new byte[8192], Arrays.copyOfRange(now, 8192, 16384));
    }
}
