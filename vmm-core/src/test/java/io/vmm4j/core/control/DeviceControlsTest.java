package io.vmm4j.core.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.TokenBucketConfig;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.virtio.balloon.BalloonConfig;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import io.vmm4j.devices.virtio.net.NetBackend;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

class DeviceControlsTest {

    private EpollEventLoop loop;

    @BeforeEach
    void start() throws Exception {
        loop = new EpollEventLoop("control-test", fault -> { });
        loop.start();
    }

    @AfterEach
    void end() {
        loop.close();
    }

    private BalloonControl balloon(int statsSeconds, boolean hinting) {
        VirtioBalloon device = new VirtioBalloon(loop, new BalloonConfig(0, false, statsSeconds, hinting, false), range -> { });
        return new BalloonControl(loop, device, 128);
    }

    private EntropyControl entropy(RateLimiter limiter) {
        return new EntropyControl(loop, new VirtioRng(loop, range -> range.position(range.limit()), limiter));
    }

    @Test
    void aTargetIsInMebibytesAndBoundByTheGuestsMemory() throws Exception {
        BalloonControl balloon = balloon(0, false);
        balloon.setTargetMib(128).get(10, TimeUnit.SECONDS);
        assertEquals(128, balloon.targetMib());
        assertEquals(0, balloon.actualMib());
        assertFalse(balloon.isActive());
        assertEquals("balloon of 129 MiB is not in 0..128, the guest's memory",
                assertThrows(IllegalArgumentException.class, () -> balloon.setTargetMib(129)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> balloon.setTargetMib(-1));
    }

    @Test
    void whatTheBalloonWasMadeWithoutFailsTheFuture() {
        BalloonControl balloon = balloon(0, false);
        for (var future : List.of(balloon.setStatisticsInterval(5), balloon.startHinting(true), balloon.stopHinting())) {
            ExecutionException failed = assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS));
            assertTrue(failed.getCause() instanceof IllegalStateException, failed::toString);
        }
    }

    @Test
    void aGuestThatCannotBeAskedToAnnounceItselfFailsTheFuture() {
        NetBackend nowhere = Mockito.mock(NetBackend.class);
        Mockito.when(nowhere.queuePairs()).thenReturn(1);
        NetworkControl network = new NetworkControl("eth0", loop,
                new VirtioNet(loop, new NetConfig(Optional.empty(), OptionalInt.empty(), 1, 256), nowhere));
        ExecutionException failed = assertThrows(ExecutionException.class, () -> network.requestAnnounce().get(10, TimeUnit.SECONDS));
        assertTrue(failed.getCause().getMessage().contains("network interface eth0 cannot be asked to announce itself"), failed::toString);
    }

    @Test
    void anAbsentLimitStaysAndASizeOfZeroLiftsIt() throws Exception {
        RateLimiter limiter = new RateLimiter(() -> 0, new BucketConfig(10, 1000), new BucketConfig(10, 1000));
        EntropyControl entropy = entropy(limiter);
        entropy.updateRateLimiter(RateLimiterConfig.operationsPerSecond(0)).get(10, TimeUnit.SECONDS);
        assertEquals(0, limiter.admit(10));
        assertTrue(limiter.admit(1) > 0, "the limit on bytes was not named and stays");
        entropy.updateRateLimiter(RateLimiterConfig.bytesPerSecond(0)).get(10, TimeUnit.SECONDS);
        assertEquals(0, limiter.admit(1000));
    }

    @Test
    void limitsThatCannotBeAreRefusedByName() {
        EntropyControl entropy = entropy(new RateLimiter(() -> 0, BucketConfig.UNLIMITED, BucketConfig.UNLIMITED));
        String message = assertThrows(IllegalArgumentException.class,
                () -> entropy.updateRateLimiter(new RateLimiterConfig(new TokenBucketConfig(-5L, null, 1L), null))).getMessage();
        assertEquals("bandwidth limit size -5 is below 0 (rate_limiter.bandwidth.size)", message);
    }

    @Test
    void commandsRunOnTheDevicesLoop() throws Exception {
        AtomicReference<Thread> ran = new AtomicReference<>();
        new DeviceLoop(loop).run(() -> ran.set(Thread.currentThread())).get(10, TimeUnit.SECONDS);
        assertEquals("control-test", ran.get().getName());
    }

    @Test
    void whatFollowsACommandMayWaitForTheLoop() throws Exception {
        CountDownLatch prepared = new CountDownLatch(1);
        CompletableFuture<Void> command = new DeviceLoop(loop).run(() -> awaitUninterruptibly(prepared));
        CompletableFuture<Void> followed = command.thenRun(loop::close);
        prepared.countDown();
        followed.get(10, TimeUnit.SECONDS);
    }

    @Test
    void commandsOfAMachineAreAnsweredOnItsOwnThreadAndBoundedInTime() throws Exception {
        try (HelperThreads helpers = HelperThreads.start()) {
            DeviceLoop commands = new DeviceLoop(loop, helpers);
            CountDownLatch prepared = new CountDownLatch(1);
            CompletableFuture<String> answered = commands.run(() -> awaitUninterruptibly(prepared)).thenApply(done -> Thread.currentThread().getName());
            prepared.countDown();
            assertEquals("vm-answers", answered.get(10, TimeUnit.SECONDS));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCommandThatTheLoopDoesNotGetToFailsAndDoesNotHappenLater() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        loop.execute(() -> awaitUninterruptibly(busy));
        AtomicReference<Thread> ran = new AtomicReference<>();
        CompletableFuture<Void> command = new DeviceLoop(loop, Duration.ofMillis(20)).run(() -> ran.set(Thread.currentThread()));
        ExecutionException failed = assertThrows(ExecutionException.class, () -> command.get(10, TimeUnit.SECONDS));
        assertTrue(failed.getCause() instanceof TimeoutException, failed::toString);
        busy.countDown();
        new DeviceLoop(loop).run(() -> { }).get(10, TimeUnit.SECONDS);
        assertNull(ran.get(), "what was reported failed does not happen");
    }

    @Test
    void aCommandThatHasBegunIsAnsweredByWhatComesOfIt() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        CompletableFuture<String> command = new DeviceLoop(loop, Duration.ofMillis(20)).submit(() -> {
            begun.countDown();
            awaitUninterruptibly(end);
            return "done";
        });
        begun.await();
        assertThrows(TimeoutException.class, () -> command.get(60, TimeUnit.MILLISECONDS), "its time to begin is over meanwhile");
        assertFalse(command.isDone());
        end.countDown();
        assertEquals("done", command.get(10, TimeUnit.SECONDS));
    }

    @Test
    void anAnswerComesAlsoWhenTheHostHasNoThreadForIt() throws Exception {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Answers answers = Answers.on(task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });
        answers.give(() -> answer.complete(Thread.currentThread().getName()));
        assertTrue(answer.get(10, TimeUnit.SECONDS).startsWith("CompletableFuture"), "on the thread that there is");
    }

    @Test
    void aMachineThatHasEndedAnswersSo() {
        BalloonControl balloon = balloon(0, false);
        loop.close();
        ExecutionException failed = assertThrows(ExecutionException.class, () -> balloon.setTargetMib(1).get(10, TimeUnit.SECONDS));
        assertEquals("the machine has ended, or the device was removed from it", failed.getCause().getMessage());
    }

    @Test
    void whatIsNotThereIsNamedWithWhatIs() {
        DeviceControls controls = new DeviceControls(Map.of("rootfs", new DriveControl("rootfs", loop, null, null)), Map.of(), null, null);
        assertEquals("this machine has no drive \"data\", there are [rootfs]",
                assertThrows(NoSuchElementException.class, () -> controls.drive("data")).getMessage());
        assertThrows(NoSuchElementException.class, controls::balloon);
        assertThrows(NoSuchElementException.class, controls::entropy);
        assertEquals("this machine has no network interface \"eth0\", nor any other",
                assertThrows(NoSuchElementException.class, () -> controls.network("eth0")).getMessage());
    }

    @Test
    void whatIsAddedJoinsAndWhatIsRemovedLeavesTheOthers() {
        EntropyControl entropy = entropy(RateLimiter.none());
        DriveControl first = new DriveControl("a", loop, null, null);
        DriveControl second = new DriveControl("b", loop, null, null);
        NetworkControl network = new NetworkControl("eth", loop, null);
        DeviceControls start = new DeviceControls(Map.of("a", first), Map.of(), entropy, null);
        DeviceControls drive = new DeviceControls(Map.of("b", second), Map.of(), null, null);
        DeviceControls all = start.with(drive).with(new DeviceControls(Map.of(), Map.of("eth", network), null, null));
        assertEquals(List.of(first, second), List.of(all.drive("a"), all.drive("b")));
        assertEquals(entropy, all.entropy());
        DeviceControls fewer = all.without(drive);
        assertThrows(NoSuchElementException.class, () -> fewer.drive("b"));
        assertEquals(network, fewer.network("eth"));
        assertEquals(first, fewer.drive("a"));
    }
}
