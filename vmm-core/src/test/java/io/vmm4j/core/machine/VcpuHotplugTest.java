package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.acpi.CpuController;
import io.vmm4j.core.control.VcpuResizeException;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.kvm.KvmException;
import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changes of the vCPUs with guests that do as they are told, and others. The test plays the guest on the registers. */
@Timeout(60)
class VcpuHotplugTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** So long that the test takes note of what is asked before it is withdrawn, whatever else the host does. */
    private static final Duration SHORT = Duration.ofMillis(1500);
    private static final int TAKE = 1;
    private static final int GIVE_BACK = 3;

    /** vCPUs that run. */
    private final Set<Integer> running = new ConcurrentSkipListSet<>();
    private final VcpuHotplug hotplug = hotplug(4, 2);
    private final CpuController registers = hotplug.controller();

    private VcpuHotplug hotplug(int max, int atBoot) {
        VcpuHotplug made = new VcpuHotplug(max, atBoot, new AcpiEventDevice(new RecordingLine(), new ManualLoop(new ManualClock())),
                change -> new Thread(change, "vcpu-change").start());
        for (int cpu = 0; cpu < atBoot; cpu++) {
            running.add(cpu);
        }
        made.connect(new VcpuHotplug.Processors() {
            @Override
            public void bring(int cpu) {
                assertTrue(running.add(cpu), "vCPU " + cpu + " runs already");
            }

            @Override
            public void dismiss(int cpu) {
                running.remove(cpu);
            }
        });
        return made;
    }

    /** Waits for news and takes it. */
    private void expectNews(int value, int cpu) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        long news = registers.read(0x08, 4);
        while (news == 0) {
            assertTrue(System.nanoTime() - end < 0, "nothing was asked about vCPU " + cpu);
            Thread.onSpinWait();
            news = registers.read(0x08, 4);
        }
        assertEquals((long) value << 16 | cpu, news);
    }

    private void answer(int cpu, int source, int status) {
        registers.write(0x00, 4, cpu);
        registers.write(0x0c, 4, source);
        registers.write(0x10, 4, status);
    }

    private void eject(int cpu) {
        registers.write(0x00, 4, cpu);
        registers.write(0x04, 4, 1);
    }

    private CompletableFuture<Void> resize(int count) {
        return hotplug.resize(count, PATIENCE);
    }

    private static void assertDone(CompletableFuture<Void> resize) throws Exception {
        assertNull(resize.get(30, TimeUnit.SECONDS));
    }

    private static String objectionTo(CompletableFuture<Void> resize) {
        ExecutionException e = assertThrows(ExecutionException.class, () -> resize.get(30, TimeUnit.SECONDS));
        return assertInstanceOf(VcpuResizeException.class, e.getCause()).getMessage();
    }

    private void assertVcpus(int... cpus) {
        Set<Integer> expected = new TreeSet<>();
        for (int cpu : cpus) {
            expected.add(cpu);
        }
        assertEquals(expected, running);
        assertEquals(cpus.length, hotplug.count());
    }

    @Test
    void aGuestThatObeysHasTheNumberAskedFor() throws Exception {
        CompletableFuture<Void> more = resize(4);
        expectNews(TAKE, 2);
        expectNews(TAKE, 3);
        answer(3, TAKE, 0);
        answer(2, TAKE, 0x80);
        answer(2, TAKE, 0);
        assertDone(more);
        assertVcpus(0, 1, 2, 3);
        CompletableFuture<Void> fewer = resize(1);
        for (int cpu = 1; cpu < 4; cpu++) {
            expectNews(GIVE_BACK, cpu);
            answer(cpu, GIVE_BACK, 0x84);
            eject(cpu);
            answer(cpu, GIVE_BACK, 0);
        }
        assertDone(fewer);
        assertVcpus(0);
    }

    @Test
    void aChangeKeepsASnapshotOutAndASnapshotKeepsAChangeOut() throws Exception {
        CompletableFuture<Void> more = resize(3);
        assertEquals("a change of the vCPUs", hotplug.stop());
        expectNews(TAKE, 2);
        answer(2, TAKE, 0);
        assertDone(more);
        assertNull(hotplug.stop());
        assertEquals("a snapshot of the machine is being taken, or it is being put back to one: try again", objectionTo(resize(4)));
        assertVcpus(0, 1, 2);
        hotplug.goOn();
        CompletableFuture<Void> again = resize(4);
        expectNews(TAKE, 3);
        answer(3, TAKE, 0);
        assertDone(again);
    }

    @Test
    void aGuestThatWasToldOfAVcpuThatIsNotThereIsRefused() throws Exception {
        hotplug.requireOffered(cpu -> cpu < 2);
        assertThrows(StateException.class, () -> hotplug.requireOffered(cpu -> cpu < 1));
        registers.offer(3);
        assertEquals("the guest was told of vCPU 3, which is not there",
                assertThrows(StateException.class, () -> hotplug.requireOffered(cpu -> cpu < 2)).getMessage());
    }

    @Test
    void aVcpuThatWasNeverThereIsNotMissed() {
        new Vcpus(null, null, CpuTopology.oneSocket(2), null, null, null).dismiss(1);
    }

    @Test
    void aGuestThatGivesBackAtOnceWhatItIsOfferedHasNotTakenIt() throws Exception {
        CompletableFuture<Void> resize = resize(4);
        for (int cpu = 2; cpu < 4; cpu++) {
            expectNews(TAKE, cpu);
            eject(cpu);
        }
        assertEquals("the guest gave back vCPU 2; the guest gave back vCPU 3", objectionTo(resize));
        assertVcpus(0, 1);
    }

    @Test
    void aGuestThatConfirmsAndGivesBackAtOnceHasNotTakenIt() throws Exception {
        CompletableFuture<Void> resize = resize(3);
        expectNews(TAKE, 2);
        answer(2, TAKE, 0);
        eject(2);
        assertEquals("the guest has given back vCPUs that it was not asked for, and has 2 now", objectionTo(resize));
        assertVcpus(0, 1);
    }

    @Test
    void aConfirmationIsNoAnswerToARequestToGiveBack() throws Exception {
        CompletableFuture<Void> resize = hotplug.resize(1, SHORT);
        expectNews(GIVE_BACK, 1);
        answer(1, TAKE, 0);
        assertEquals("the guest did not answer within 1500 ms about vCPU 1", objectionTo(resize));
        assertVcpus(0, 1);
    }

    @Test
    void anObjectionToGivingBackIsNoAnswerToAnOffer() throws Exception {
        CompletableFuture<Void> resize = resize(3);
        expectNews(TAKE, 2);
        answer(2, GIVE_BACK, 0x82);
        answer(2, TAKE, 0);
        assertDone(resize);
        assertVcpus(0, 1, 2);
    }

    @Test
    void whoSaysThatItGaveBackAndHasNotIsNotBelieved() {
        CompletableFuture<Void> resize = resize(1);
        expectNews(GIVE_BACK, 1);
        answer(1, GIVE_BACK, 0);
        assertEquals("the guest says that it gave back vCPU 1, and has not", objectionTo(resize));
        assertVcpus(0, 1);
    }

    @Test
    void answersAboutOtherVcpusDoNotCount() {
        CompletableFuture<Void> resize = hotplug.resize(4, SHORT);
        expectNews(TAKE, 2);
        for (int cpu : new int[] {0, 1, 3, 4, Integer.MAX_VALUE}) {
            answer(cpu, TAKE, 0);
        }
        assertEquals("the guest did not answer within 1500 ms about vCPU 2, 3", objectionTo(resize));
        assertEquals(2, hotplug.count());
        assertEquals(0, registers.read(0x08, 4), "what was not taken is withdrawn");
        assertEquals(Set.of(0, 1, 2), running, "what was taken stays");
    }

    @Test
    void aGuestThatTakesHalfIsNotCalledDeaf() {
        CompletableFuture<Void> resize = hotplug.resize(4, SHORT);
        expectNews(TAKE, 2);
        answer(2, TAKE, 0);
        assertEquals("the guest did not answer within 1500 ms about vCPU 3", objectionTo(resize));
        assertVcpus(0, 1, 2);
    }

    @Test
    void aGuestThatGivesBackAnotherThanItWasAskedForHasNotTheNumber() throws Exception {
        CompletableFuture<Void> resize = resize(3);
        expectNews(TAKE, 2);
        eject(1);
        answer(2, TAKE, 0);
        assertEquals("the guest has given back vCPUs that it was not asked for, and has 2 now", objectionTo(resize));
        assertVcpus(0, 2);
        assertDone(resize(2));
    }

    @Test
    void aGuestThatGivesBackMoreThanItWasAskedForHasNotTheNumber() throws Exception {
        VcpuHotplug.Processors none = new VcpuHotplug.Processors() {
            @Override
            public void bring(int cpu) {
                throw new AssertionError("nothing is to come");
            }

            @Override
            public void dismiss(int cpu) {
                // Not looked at.
            }
        };
        hotplug.connect(none);
        CompletableFuture<Void> resize = resize(1);
        expectNews(GIVE_BACK, 1);
        eject(0);
        eject(1);
        assertDone(resize);
        assertEquals(1, hotplug.count(), "vCPU 0 stays");
    }

    @Test
    void whatTheGuestGivesBackUnaskedIsMissedAndCanComeAgain() throws Exception {
        eject(1);
        assertVcpus(0);
        answer(1, TAKE, 0);
        assertVcpus(0);
        CompletableFuture<Void> resize = resize(2);
        expectNews(TAKE, 1);
        answer(1, TAKE, 0);
        assertDone(resize);
        assertVcpus(0, 1);
    }

    @Test
    void aConfirmationAfterTheEjectionDoesNotBringTheVcpuBack() {
        CompletableFuture<Void> resize = resize(3);
        expectNews(TAKE, 2);
        eject(2);
        answer(2, TAKE, 0);
        assertEquals("the guest gave back vCPU 2", objectionTo(resize));
        assertVcpus(0, 1);
    }

    @Test
    void aConfirmationThatComesLateIsOneToTheOfferThatStands() throws Exception {
        CompletableFuture<Void> first = hotplug.resize(3, SHORT);
        expectNews(TAKE, 2);
        assertEquals("the guest did not answer within 1500 ms about vCPU 2", objectionTo(first));
        assertEquals(2, hotplug.count());
        CompletableFuture<Void> second = resize(3);
        expectNews(TAKE, 2);
        answer(2, TAKE, 0x81);
        answer(2, TAKE, 0);
        assertDone(second);
        assertVcpus(0, 1, 2);
    }

    @Test
    void aConfirmationOfAnOfferThatWasWithdrawnIsNone() {
        assertEquals("the guest did not answer within 1500 ms about vCPU 2: its kernel does not listen to ACPI events, or not yet",
                objectionTo(hotplug.resize(3, SHORT)));
        answer(2, TAKE, 0);
        assertVcpus(0, 1);
    }

    @Test
    void anObjectionToAnEarlierRequestIsNoneToTheLaterOne() throws Exception {
        CompletableFuture<Void> first = hotplug.resize(1, SHORT);
        expectNews(GIVE_BACK, 1);
        assertEquals("the guest did not answer within 1500 ms about vCPU 1", objectionTo(first));
        CompletableFuture<Void> second = resize(1);
        expectNews(GIVE_BACK, 1);
        answer(1, GIVE_BACK, 0x82);
        eject(1);
        assertDone(second);
        assertVcpus(0);
    }

    @Test
    void theGrowthBackWaitsForAnEjectionThatWasAskedForBefore() throws Exception {
        CompletableFuture<Void> fewer = hotplug.resize(1, SHORT);
        expectNews(GIVE_BACK, 1);
        objectionTo(fewer);
        CompletableFuture<Void> back = resize(2);
        assertThrows(TimeoutException.class, () -> back.get(300, TimeUnit.MILLISECONDS), "the guest may still give it back");
        eject(1);
        expectNews(TAKE, 1);
        answer(1, TAKE, 0);
        assertDone(back);
        assertVcpus(0, 1);
    }

    @Test
    void theGrowthBackIsDoneOnceTheGuestRefusesWhatItWasAskedForBefore() throws Exception {
        CompletableFuture<Void> fewer = hotplug.resize(1, SHORT);
        expectNews(GIVE_BACK, 1);
        objectionTo(fewer);
        assertEquals("the guest did not answer within 1500 ms whether it gives back vCPU 1, as it was asked to before",
                objectionTo(hotplug.resize(2, SHORT)));
        CompletableFuture<Void> back = resize(2);
        answer(1, GIVE_BACK, 0x82);
        assertDone(back);
        assertDone(resize(2));
        assertVcpus(0, 1);
    }

    @Test
    void theEndEndsAChangeInWhateverItWaitsFor() throws Exception {
        CompletableFuture<Void> fewer = hotplug.resize(1, SHORT);
        expectNews(GIVE_BACK, 1);
        objectionTo(fewer);
        CompletableFuture<Void> back = resize(2);
        hotplug.close();
        assertEquals("the machine has ended", objectionTo(back));
        assertEquals("the machine has ended", objectionTo(resize(2)));
    }

    @Test
    void aHostWithoutRoomForAVcpuIsTheReasonAndNothingIsOffered() {
        hotplug.connect(new VcpuHotplug.Processors() {
            @Override
            public void bring(int cpu) throws KvmException {
                throw new IllegalStateException("the host has no thread for vCPU " + cpu);
            }

            @Override
            public void dismiss(int cpu) {
                throw new AssertionError("nothing was brought");
            }
        });
        assertEquals("vCPU 2: the host has no thread for vCPU 2", objectionTo(resize(3)));
        assertEquals(0, registers.read(0x08, 4));
    }

    /** Whatever a guest does with the registers: a change ends, what runs is what the guest has or may still take, and vCPU 0 stays. */
    @Test
    void guestsThatDoAnythingAtAllLeaveTheMachineInOrder() throws Exception {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 60; round++) {
            CompletableFuture<Void> resize = hotplug.resize(random.nextInt(1, 5), Duration.ofMillis(20));
            int[] offsets = {0x00, 0x04, 0x0c, 0x10};
            while (!resize.isDone()) {
                registers.read(0x08, 4);
                int offset = offsets[random.nextInt(offsets.length)];
                registers.write(offset, 4, random.nextInt(0, offset == 0x10 ? 2 : 5));
            }
            for (int cpu = 0; cpu < 4; cpu++) {
                assertEquals(registers.isPresent(cpu), running.contains(cpu), "vCPU " + cpu + ", seed " + seed);
            }
            assertTrue(running.contains(0), "seed " + seed);
        }
    }
}
