package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StandbyThreadTest {

    @Test
    void itIsThereBeforeItsTasksAndRunsThemInOrder() throws Exception {
        List<Integer> run = new CopyOnWriteArrayList<>();
        try (StandbyThread standby = StandbyThread.start("standing-by")) {
            assertTrue(standby.thread().isAlive());
            CompletableFuture<Thread> last = new CompletableFuture<>();
            standby.execute(() -> run.add(1));
            standby.execute(() -> {
                throw new IllegalStateException("the exception of the test");
            });
            standby.execute(() -> run.add(2));
            standby.execute(() -> last.complete(Thread.currentThread()));
            assertEquals(standby.thread(), last.get(20, TimeUnit.SECONDS));
            assertEquals(List.of(1, 2), run);
        }
    }

    @Test
    void theEndComesAfterWhatWasGiven() throws Exception {
        CompletableFuture<Void> open = new CompletableFuture<>();
        CompletableFuture<Void> run = new CompletableFuture<>();
        StandbyThread standby = StandbyThread.start("standing-by");
        standby.execute(open::join);
        standby.execute(() -> run.complete(null));
        standby.close();
        standby.close();
        assertThrows(RejectedExecutionException.class, () -> standby.execute(() -> { }));
        open.complete(null);
        run.get(20, TimeUnit.SECONDS);
        standby.thread().join(20_000);
        assertTrue(!standby.thread().isAlive());
    }

    @Test
    void anInterruptByATaskDoesNotEndIt() throws Exception {
        try (StandbyThread standby = StandbyThread.start("standing-by")) {
            standby.execute(() -> Thread.currentThread().interrupt());
            CompletableFuture<Void> run = new CompletableFuture<>();
            standby.execute(() -> run.complete(null));
            run.get(20, TimeUnit.SECONDS);
        }
    }
}
