package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes of one drive's image that are asked for while others are under way. */
@Timeout(60)
class DriveOrderTest {

    private final List<Throwable> faults = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch queueGoesOn = new CountDownLatch(1);
    private final Images images = new Images();
    private EpollEventLoop main;
    private EpollEventLoop queueLoop;
    private DriveControl control;

    @BeforeEach
    void start() throws IOException {
        main = new EpollEventLoop("main", faults::add);
        queueLoop = new EpollEventLoop("queue", faults::add);
        VirtioBlk device = new VirtioBlk(new BlkConfig(false, CacheType.UNSAFE), images.current, List.of(queueLoop));
        control = new DriveControl("data", main, device, images);
        main.start();
        queueLoop.start();
    }

    @AfterEach
    void end() {
        queueGoesOn.countDown();
        main.close();
        queueLoop.close();
        assertEquals(List.of(), faults);
    }

    /** Has the queue's loop be busy, as with a disk that hangs. */
    private void busyQueue() {
        queueLoop.execute(() -> await(queueGoesOn));
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void get(CompletableFuture<?> answer) throws Exception {
        answer.get(20, TimeUnit.SECONDS);
    }

    @Test
    void changesAreSettledInTheOrderInWhichTheDriveMakesThem() throws Exception {
        images.whenUsed = name -> {
            if (name.equals("b")) {
                images.awaitUse("c"); // which must not come meanwhile
            }
        };
        CompletableFuture<Void> one = control.updateImage(Path.of("b"));
        CompletableFuture<Void> two = control.updateImage(Path.of("c"));
        get(one);
        get(two);
        assertEquals("c", images.current.id());
        assertEquals(Set.of("c"), images.open());
    }

    @Test
    void anImageThatTheDriveIsAboutToLeaveIsGoneBackTo() throws Exception {
        busyQueue();
        CompletableFuture<Void> away = control.updateImage(Path.of("b"));
        CompletableFuture<Void> back = control.updateImage(Path.of("a"));
        assertFalse(back.isDone(), "the drive has yet to leave it");
        queueGoesOn.countDown();
        get(away);
        get(back);
        assertEquals("a", images.current.id());
        assertEquals(Set.of("a"), images.open());
    }

    @Test
    void anImageThatTheDriveIsAboutToGoToIsTakenOnce() throws Exception {
        busyQueue();
        CompletableFuture<Void> one = control.updateImage(Path.of("b"));
        CompletableFuture<Void> two = control.updateImage(Path.of("b"));
        queueGoesOn.countDown();
        get(one);
        get(two);
        assertEquals("b", images.current.id());
    }

    @Test
    void oneThatIsAskedForBehindAReturnIsTheLast() throws Exception {
        busyQueue();
        List<CompletableFuture<Void>> changes = new ArrayList<>();
        for (String name : List.of("b", "a", "c", "d", "a", "b")) {
            changes.add(control.updateImage(Path.of(name)));
        }
        queueGoesOn.countDown();
        for (CompletableFuture<Void> change : changes) {
            get(change);
        }
        assertEquals("b", images.current.id());
        assertEquals(Set.of("b"), images.open());
    }

    @Test
    void aChangeThatWaitsForAnotherTooLongIsGivenUpAtItsTime() throws Exception {
        busyQueue();
        control.updateImage(Path.of("b"));
        CompletableFuture<Void> late = control.updateImage(Path.of("c"), null, Duration.ofMillis(100));
        ExecutionException failure = assertThrows(ExecutionException.class, () -> late.get(20, TimeUnit.SECONDS));
        assertInstanceOf(TimeoutException.class, failure.getCause());
        assertTrue(failure.getCause().getMessage().contains("within 100 ms"), failure.getCause().getMessage());
        assertFalse(images.open().contains("c"));
        queueGoesOn.countDown();
        CompletableFuture<Void> last = control.updateImage(Path.of("d"));
        get(last);
        assertEquals("d", images.current.id());
        assertEquals(Set.of("d"), images.open());
    }

    @Test
    void aRefreshBesideAChangeDoesNotFailByTheImageThatIsLeft() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch isClosed = new CountDownLatch(1);
        images.current.whenAskedForCapacity = () -> {
            asked.countDown();
            await(isClosed);
        };
        CompletableFuture<Void> refresh = control.refresh();
        await(asked);
        get(control.updateImage(Path.of("b")));
        isClosed.countDown();
        get(refresh);
    }

    /** Images of any name, none of which can be opened twice. */
    private static final class Images implements DriveImages {
        private final Set<String> open = new LinkedHashSet<>();
        private final Set<String> used = Collections.synchronizedSet(new LinkedHashSet<>());
        private final CountDownLatch meanwhile = new CountDownLatch(1);
        private volatile Consumer<String> whenUsed = name -> { };
        private volatile Disk current = add("a");

        private synchronized Disk add(String name) {
            assertTrue(open.add(name), name);
            return new Disk(name);
        }

        synchronized Set<String> open() {
            return Set.copyOf(open);
        }

        /** Gives the use of another image some time to come. */
        void awaitUse(String name) {
            try {
                assertFalse(meanwhile.await(300, TimeUnit.MILLISECONDS) && used.contains(name), name + " overtakes");
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public boolean isCurrent(Path image) {
            return current.id().equals(image.toString());
        }

        @Override
        public synchronized boolean isOpen(Path image) {
            return open.contains(image.toString());
        }

        @Override
        public synchronized BlkBackend open(Path image) throws ConfigException {
            if (open.contains(image.toString())) {
                throw new IllegalStateException(image + " is in use");
            }
            return add(image.toString());
        }

        @Override
        public void use(BlkBackend next) throws IOException {
            whenUsed.accept(next.id());
            used.add(next.id());
            if (next.id().equals("c")) {
                meanwhile.countDown();
            }
            Disk before = current;
            current = (Disk) next;
            drop(before);
        }

        @Override
        public synchronized void drop(BlkBackend unused) throws IOException {
            open.remove(unused.id());
            unused.close();
        }
    }

    /** A disk that says nothing once it is closed. */
    private static final class Disk implements BlkBackend {
        private final String name;
        private volatile boolean isClosed;
        private volatile Runnable whenAskedForCapacity = () -> { };

        Disk(String name) {
            this.name = name;
        }

        @Override
        public long capacity() throws IOException {
            whenAskedForCapacity.run();
            if (isClosed) {
                throw new IOException("fstat failed: EBADF");
            }
            return 1 << 20;
        }

        @Override
        public String id() {
            return name;
        }

        @Override
        public void read(ByteBuffer[] views, int count, long offset) {
            // Nobody looks.
        }

        @Override
        public void write(ByteBuffer[] views, int count, long offset) {
            // Forgotten.
        }

        @Override
        public void flush() {
            // Nothing to keep.
        }

        @Override
        public boolean canDiscard() {
            return false;
        }

        @Override
        public void discard(long offset, long length) {
            // Not offered.
        }

        @Override
        public void writeZeroes(long offset, long length, boolean mayUnmap) {
            // Forgotten.
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
