package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class MachineThreadsTest {

    private final MachineThreads threads = new MachineThreads();

    /** What {@code call} throws on a thread with a role of {@code counted}. */
    private static IllegalStateException onThread(MachineThreads counted, MachineThreads.Role role, Runnable call) throws InterruptedException {
        List<IllegalStateException> thrown = new ArrayList<>();
        Thread thread = new Thread(() -> {
            try {
                call.run();
            } catch (IllegalStateException e) {
                thrown.add(e);
            }
        }, "one-of-them");
        counted.add(thread, role);
        thread.start();
        thread.join();
        return thrown.isEmpty() ? null : thrown.get(0);
    }

    @Test
    void whatWaitsForTheMachineIsRefusedOnEachOfItsThreadsAndOnNoOther() throws Exception {
        for (MachineThreads.Role role : MachineThreads.Role.values()) {
            String message = onThread(threads, role, () -> threads.requireOther("pause()")).getMessage();
            assertTrue(message.startsWith("pause() on thread one-of-them, which is the machine's own ("), message);
            assertEquals(null, onThread(new MachineThreads(), role, () -> threads.requireOther("pause()")), "another machine's");
        }
        threads.requireOther("pause()");
    }

    @Test
    void whatWaitsForTheGuestIsRefusedOnThoseThatServeItOnly() throws Exception {
        assertTrue(onThread(threads, MachineThreads.Role.GUEST, () -> threads.requireNotGuest("send()")) != null);
        assertEquals(null, onThread(threads, MachineThreads.Role.CONSOLE, () -> threads.requireNotGuest("send()")));
        threads.requireNotGuest("send()");
    }

    @Test
    void busyAreThoseThatNeitherWaitForWorkNorHaveEnded() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread working = new Thread(() -> await(end));
        EpollEventLoop idle = new EpollEventLoop("idle", fault -> { });
        Thread ended = new Thread(() -> { });
        threads.add(working, MachineThreads.Role.GUEST);
        threads.add(idle.worker(), MachineThreads.Role.GUEST);
        threads.add(ended, MachineThreads.Role.GUEST);
        working.start();
        idle.start();
        ended.start();
        ended.join();
        while (threads.busy(MachineThreads.Role.GUEST).contains(idle.worker().thread())) {
            Thread.onSpinWait();
        }
        assertEquals(List.of(working), threads.busy(MachineThreads.Role.GUEST));
        assertEquals(List.of(), threads.busy(MachineThreads.Role.END));
        end.countDown();
        idle.close();
        working.join();
    }

    private static void await(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aWaitOnAGuardedFutureOrWhatIsDerivedFromItIsRefusedUnlessItIsDone() {
        GuardedFuture<String> future = new GuardedFuture<>(() -> {
            throw new IllegalStateException("refused");
        });
        assertThrows(IllegalStateException.class, future::join);
        assertThrows(IllegalStateException.class, future::get);
        assertThrows(IllegalStateException.class, () -> future.copy().join());
        assertThrows(IllegalStateException.class, () -> future.thenApply(String::length).get(1, TimeUnit.DAYS));
        assertThrows(TimeoutException.class, () -> future.get(0, TimeUnit.DAYS), "a look");
        future.complete("done");
        assertEquals("done", future.join());
        assertEquals(4, future.thenApply(String::length).join());
    }
}
