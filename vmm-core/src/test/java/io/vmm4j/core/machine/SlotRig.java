package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.MmioDriver;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Two slots with what a guest does to them: an entropy device may be in each, and a loop that does at once what it is given. */
final class SlotRig {

    /** Does everything at once, whoever asks; its timers never expire. */
    private static final class PromptLoop implements EventLoop {

        @Override
        public synchronized void execute(Runnable task) {
            task.run();
        }

        @Override
        public LoopTimer timer(Runnable onExpiry) {
            return new LoopTimer() {
                @Override
                public void arm(long delayNanos) {
                    // It never expires.
                }

                @Override
                public void disarm() {
                    // It was not going to.
                }

                @Override
                public void close() {
                    // Nothing is held.
                }
            };
        }

        @Override
        public boolean inLoop() {
            return true;
        }
    }

    static final long FEATURES = 1L << 32;

    final GuestMemory memory = GuestRam.of(1 << 20);
    final List<HotSlot> slots = List.of(new HotSlot(0, VirtioMmioSlot.of(3, 10)), new HotSlot(1, VirtioMmioSlot.of(4, 11)));
    final List<Integer> lateReturns = new CopyOnWriteArrayList<>();
    volatile Consumer<Runnable> unlessPaused = Runnable::run;
    final EventLoop loop = new PromptLoop();
    final AcpiEventDevice events = new AcpiEventDevice(new RecordingLine(), loop);
    final SlotDialogue dialogue = new SlotDialogue(memory, events, slots, action -> unlessPaused.accept(action),
            slot -> lateReturns.add(slot.number()));

    /** Puts a device into slot {@code number}. */
    MmioDriver plug(int number) {
        VirtioRng device = new VirtioRng(loop, buffer -> buffer.position(buffer.limit()));
        slots.get(number).plug(new VirtioMmioTransport(device, memory, new RecordingLine(), loop));
        return new MmioDriver(slots.get(number));
    }

    /** Has a driver use the device in slot {@code number}. */
    void drive(int number) {
        MmioDriver driver = new MmioDriver(slots.get(number));
        if (!driver.negotiate(FEATURES)) {
            throw new IllegalStateException("slot " + number + " has no device to negotiate with");
        }
        driver.driverOk();
    }

    /** The next piece of news, waited for. */
    long takeNews() {
        long news = dialogue.controller().read(0, 4);
        while (news == 0) {
            Thread.onSpinWait();
            news = dialogue.controller().read(0, 4);
        }
        return news;
    }

    /** Answers about slot {@code number}. */
    void answer(int number, int news, int status) {
        dialogue.controller().write(4, 4, number);
        dialogue.controller().write(8, 4, news);
        dialogue.controller().write(12, 4, status);
    }
}
