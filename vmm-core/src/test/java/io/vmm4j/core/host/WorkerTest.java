package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerTest {

    private static final long LONG = TimeUnit.MINUTES.toNanos(10);

    private final SpareThreads spares = new SpareThreads(2, LONG);

    private Thread runOne(Runnable work) throws Exception {
        Thread[] ran = new Thread[1];
        Worker worker = new Worker(Worker.Kind.EVENTS, "one", () -> {
            ran[0] = Thread.currentThread();
            work.run();
        });
        startOn(spares, worker).join();
        return ran[0];
    }

    private static Worker startOn(SpareThreads threads, Worker worker) throws Exception {
        worker.start(threads);
        return worker;
    }

    @Test
    void theNextWorkerHasTheThreadOfTheOneThatIsDone() throws Exception {
        Thread first = runOne(() -> { });
        assertSame(first, runOne(() -> { }));
        assertEquals(1, spares.count());
    }

    @Test
    void whatAWorkerLeavesOnTheThreadIsNotTheNextOnes() throws Exception {
        Thread first = runOne(() -> Thread.currentThread().interrupt());
        boolean[] interrupted = new boolean[1];
        assertSame(first, runOne(() -> interrupted[0] = Thread.currentThread().isInterrupted()));
        assertFalse(interrupted[0]);
    }

    @Test
    void oneThatThrowsIsDoneAndItsThreadIsGoodForTheNext() throws Exception {
        Thread first = runOne(() -> {
            throw new AssertionError("thrown by the test");
        });
        assertSame(first, runOne(() -> { }));
    }

    @Test
    void whatItsStarterHasForItsThreadsToInheritIsNotTheWorkers() throws Exception {
        InheritableThreadLocal<String> local = new InheritableThreadLocal<>();
        local.set("the starter's");
        try {
            String[] found = {"none"};
            runOne(() -> found[0] = local.get());
            assertNull(found[0]);
        } finally {
            local.remove();
        }
    }

    @Test
    void workersAtOnceHaveThreadsOfTheirOwnOfWhichFewStay() throws Exception {
        int many = 6;
        CountDownLatch all = new CountDownLatch(many);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            workers.add(startOn(spares, new Worker(Worker.Kind.VCPU, "vcpu-" + i, () -> {
                threads.add(Thread.currentThread());
                all.countDown();
                try {
                    all.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            })));
        }
        workers.forEach(Worker::join);
        assertEquals(many, threads.size());
        assertEquals(2, spares.count());
    }

    @Test
    void aThreadWithoutWorkGoesAfterAWhile() throws Exception {
        SpareThreads brief = new SpareThreads(2, TimeUnit.MILLISECONDS.toNanos(20));
        Thread[] ran = new Thread[1];
        startOn(brief, new Worker(Worker.Kind.EVENTS, "brief", () -> ran[0] = Thread.currentThread())).join();
        ran[0].join();
        assertEquals(0, brief.count());
        Thread first = ran[0];
        startOn(brief, new Worker(Worker.Kind.EVENTS, "brief", () -> ran[0] = Thread.currentThread())).join();
        assertNotSame(first, ran[0]);
    }

    @Test
    void workComesAtTheMomentThatAThreadGoes() throws Exception {
        SpareThreads brief = new SpareThreads(1, TimeUnit.MICROSECONDS.toNanos(50));
        AtomicInteger done = new AtomicInteger();
        int many = 2000;
        for (int i = 0; i < many; i++) {
            startOn(brief, new Worker(Worker.Kind.EVENTS, "brief", done::incrementAndGet)).join();
        }
        assertEquals(many, done.get());
    }

    @Test
    void itsThreadIsNamedAndCountedWhileItRuns() throws Exception {
        MachineThreads own = new MachineThreads("web", true);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Worker worker = new Worker(Worker.Kind.VCPU, "vcpu-0", () -> {
            running.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        own.add(worker, MachineThreads.Role.GUEST);
        assertNull(worker.thread());
        assertFalse(worker.isStarted());
        assertTrue(worker.joinWithin(0), "there is nothing to wait for");
        worker.start(spares);
        running.await();
        Thread thread = worker.thread();
        assertEquals("web/vcpu-0", thread.getName());
        assertEquals(List.of(thread), own.busy(MachineThreads.Role.GUEST));
        assertFalse(worker.joinWithin(1));
        assertFalse(worker.isCurrent());
        end.countDown();
        worker.join();
        assertNull(worker.thread());
        assertEquals(List.of(), own.busy(MachineThreads.Role.GUEST));
        assertTrue(worker.isStarted());
    }

    @Test
    void aDevicesThreadIsNotKept() throws Exception {
        Thread[] ran = new Thread[1];
        Worker worker = new Worker(Worker.Kind.DEVICE, "fs-files", () -> ran[0] = Thread.currentThread());
        worker.start();
        worker.join();
        ran[0].join();
    }

    @Test
    void aThreadWithoutWorkHasNoMachinesName() throws Exception {
        assertEquals("vm-spare", runOne(() -> { }).getName());
    }

    @Test
    void anInterruptOfWhoWaitsIsKept() throws Exception {
        Worker worker = startOn(spares, new Worker(Worker.Kind.EVENTS, "one", () -> { }));
        Thread.currentThread().interrupt();
        worker.join();
        assertTrue(Thread.interrupted());
    }
}
