package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HelperThreadsTest {

    private HelperThreads helpers;

    @BeforeEach
    void start() throws Exception {
        helpers = HelperThreads.start();
    }

    @AfterEach
    void close() {
        helpers.close();
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("vm-")).collect(Collectors.toSet());
    }

    @Test
    void allThreadsAreThereFromTheStart() throws Exception {
        Set<Thread> before = threads();
        CompletableFuture<Thread> answered = new CompletableFuture<>();
        CompletableFuture<Thread> ended = new CompletableFuture<>();
        CompletableFuture<Thread> scheduled = new CompletableFuture<>();
        helpers.answers().execute(() -> answered.complete(Thread.currentThread()));
        helpers.schedule(() -> scheduled.complete(Thread.currentThread()), 1);
        helpers.end(() -> ended.complete(Thread.currentThread()));
        for (CompletableFuture<Thread> task : List.of(answered, ended, scheduled)) {
            assertTrue(before.contains(task.get(20, TimeUnit.SECONDS)), "the host may have no thread to give later");
        }
    }

    @Test
    void manyAnswersTakeOneThread() throws Exception {
        Set<Thread> before = threads();
        for (int i = 0; i < 100; i++) {
            CompletableFuture<Thread> answered = new CompletableFuture<>();
            CountDownLatch taken = new CountDownLatch(1);
            helpers.answers().execute(() -> {
                answered.complete(Thread.currentThread());
                taken.countDown();
            });
            assertTrue(before.contains(answered.get(20, TimeUnit.SECONDS)));
            taken.await();
            awaitIdle();
        }
        // Those of machines before may end meanwhile.
        Set<Thread> more = new HashSet<>(threads());
        more.removeAll(before);
        assertEquals(Set.of(), more);
    }

    /** Until the thread that has answered waits again. */
    private static void awaitIdle() {
        // A thread that waits for a lock is still at work.
        while (threads().stream().anyMatch(thread -> thread.getName().equals("vm-answers") && thread.getState() != Thread.State.WAITING
                && thread.getState() != Thread.State.TIMED_WAITING && thread.getState() != Thread.State.TERMINATED)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aFollowerMayWaitForAnotherAnswer() throws Exception {
        CompletableFuture<Integer> depth = CompletableFuture.completedFuture(0);
        for (int i = 0; i < 10; i++) {
            CompletableFuture<Integer> inner = depth;
            CompletableFuture<Integer> outer = new CompletableFuture<>();
            helpers.answers().execute(() -> {
                CompletableFuture<Integer> answer = new CompletableFuture<>();
                helpers.answers().execute(() -> answer.complete(1));
                outer.complete(inner.join() + answer.join());
            });
            depth = outer;
        }
        assertEquals(10, depth.get(20, TimeUnit.SECONDS));
    }

    @Test
    void furtherThreadsGoWhenThereIsNothingToTell() throws Exception {
        try (AnsweringThreads answers = AnsweringThreads.start("test-answers", 1, Runnable::run)) {
            Thread lasting = answering().get(0);
            CompletableFuture<Void> open = new CompletableFuture<>();
            CompletableFuture<Thread> kept = new CompletableFuture<>();
            CompletableFuture<Thread> further = new CompletableFuture<>();
            answers.execute(() -> {
                kept.complete(Thread.currentThread());
                open.join();
            });
            answers.execute(() -> further.complete(Thread.currentThread()));
            // Which of the two is the lasting one depends on who was ready first.
            assertNotEquals(kept.get(20, TimeUnit.SECONDS), further.get(20, TimeUnit.SECONDS));
            open.complete(null);
            for (Thread thread : answering()) {
                thread.join(thread == lasting ? 1 : 20_000);
                assertEquals(thread == lasting, thread.isAlive());
            }
        }
    }

    private static List<Thread> answering() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("test-answers")).toList();
    }

    @Test
    void machinesShareThem() throws Exception {
        Set<Thread> before = threads();
        for (int i = 0; i < 100; i++) {
            try (HelperThreads others = HelperThreads.start()) {
                CompletableFuture<Thread> ended = new CompletableFuture<>();
                others.end(() -> ended.complete(Thread.currentThread()));
                assertEquals("vm-end", ended.get(20, TimeUnit.SECONDS).getName());
            }
        }
        assertTrue(threads().size() < before.size() + 10, () -> threads().toString());
    }

    @Test
    void anEndThatTakesLongKeepsNoOther() throws Exception {
        CountDownLatch stuck = new CountDownLatch(1);
        CompletableFuture<Void> other = new CompletableFuture<>();
        try (HelperThreads others = HelperThreads.start()) {
            helpers.end(() -> join(stuck));
            others.end(() -> other.complete(null));
            other.get(20, TimeUnit.SECONDS);
        } finally {
            stuck.countDown();
        }
    }

    private static void join(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatOneMachineHasScheduledEndsWithIt() throws Exception {
        CompletableFuture<Void> gone = new CompletableFuture<>();
        CompletableFuture<Void> stays = new CompletableFuture<>();
        HelperThreads others = HelperThreads.start();
        others.schedule(() -> gone.complete(null), TimeUnit.MILLISECONDS.toNanos(200));
        others.close();
        helpers.schedule(() -> stays.complete(null), TimeUnit.MILLISECONDS.toNanos(400));
        stays.get(20, TimeUnit.SECONDS);
        assertFalse(gone.isDone());
    }

    @Test
    void whatIsGivenAfterTheEndIsDoneAllTheSame() {
        helpers.close();
        CompletableFuture<Void> done = new CompletableFuture<>();
        helpers.answers().execute(() -> done.complete(null));
        assertTrue(done.isDone());
        helpers.schedule(() -> { }, 1);
    }

    @Test
    void aFutureThatIsNotDoneInTimeFails() throws Exception {
        CompletableFuture<Void> late = helpers.within(1, new CompletableFuture<>());
        assertTrue(assertThrows(ExecutionException.class, () -> late.get(20, TimeUnit.SECONDS)).getCause() instanceof TimeoutException);
        CompletableFuture<Integer> inTime = helpers.within(TimeUnit.HOURS.toNanos(1), new CompletableFuture<>());
        inTime.complete(1);
        assertEquals(1, inTime.get());
    }
}
