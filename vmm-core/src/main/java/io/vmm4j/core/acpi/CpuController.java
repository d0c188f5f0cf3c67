package io.vmm4j.core.acpi;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The registers by which a guest's ACPI code learns which processors are there, and gives some back. A window of I/O
 * ports; each register has 32 bits, little-endian, and other widths read as zeros and are dropped.
 *
 * <pre>
 * 0x00  SELECT  RW  the processor that the registers below are about
 * 0x04  STATE   RO  bit 0: it is there
 *               WO  bit 0: the guest has stopped using it and gives it back
 * 0x08  NEXT    RO  takes the next piece of news: the processor in bits 15:0, and in bits 31:16 the value to notify it
 *                   with, 1 (device check: it has come) or 3 (eject request: please give it back); 0 for no more news
 * 0x0c  SOURCE  WO  the first argument of _OST: which notification is answered
 * 0x10  STATUS  WO  the second argument of _OST, 0 for success; writing it makes the answer
 * </pre>
 *
 * <p>A processor that is offered is not there for the guest before it has taken the news from NEXT. So a guest that is
 * still booting does not find it by itself and then once more by the news, and an offer that nobody takes can be withdrawn.
 *
 * <p>Only who was asked can answer: an answer counts as one to the oldest piece of news of its kind about its processor that
 * the guest has taken and not answered; where there is none it is dropped. An ejection settles all that was asked about its
 * processor. That a request to eject is met only the ejection says.
 *
 * <p>Thread-safe. Processor 0 never goes.
 */
public final class CpuController implements BusDevice, Stateful {

    /**
     * What the guest says. Called on vCPU threads, one call at a time: nobody sees the processor otherwise, or can ask about
     * it again, before the call has returned. Short, asks for no lock that is held while calling the controller, never throws.
     */
    public interface Listener {

        /** The guest gives {@code cpu} back, asked or not. */
        void ejected(int cpu);

        /**
         * The guest answers a notification (ACPI 6.5, section 6.3.5) about a processor that is there.
         *
         * @param news     what it was told: {@link #DEVICE_CHECK} or {@link #EJECT_REQUEST}
         * @param status   0 for success, else why not
         * @param isLatest whether this answers what it was told last: there is no other of that kind about the processor
         */
        void answered(int cpu, int news, int status, boolean isLatest);
    }

    /** Bytes in the window. */
    public static final int LENGTH = 0x14;

    /** Value of Notify, ACPI 6.5 table 5.185: look whether the device is there. */
    public static final int DEVICE_CHECK = 1;
    /** Value of Notify: give the device back. */
    public static final int EJECT_REQUEST = 3;

    private static final int SELECT = 0x00;
    private static final int STATE = 0x04;
    private static final int NEXT = 0x08;
    private static final int SOURCE = 0x0c;
    private static final int STATUS = 0x10;
    private static final int PRESENT = 1;
    private static final int WIDTH = 4;
    private static final long SELECTED_MAX = 0xFFFF_FFFFL;
    /** Far more answers than are ever owed, and far fewer than would make the count run over. */
    private static final int OWED_MAX = 1 << 30;

    /** _OST for an insertion, ACPI 6.5 table 6.66: not the answer yet. */
    private static final int INSERT_IN_PROGRESS = 0x80;
    /** _OST for an ejection, ACPI 6.5 table 6.65: not the answer yet. */
    private static final int EJECT_IN_PROGRESS = 0x84;

    /** One processor; guarded by the controller. */
    private static final class Slot {
        boolean isPresent;
        boolean isConfirmed;
        /** What the guest has not taken: 0, {@link #DEVICE_CHECK} or {@link #EJECT_REQUEST}. */
        int news;
        /** Answers that the guest owes. */
        int checksOwed;
        int ejectsOwed;

        State saveState() {
            return State.builder().put("isPresent", isPresent).put("isConfirmed", isConfirmed).put("news", news).put("checksOwed", checksOwed)
                    .put("ejectsOwed", ejectsOwed).build();
        }

        static Slot of(State state) throws StateException {
            Slot slot = new Slot();
            slot.isPresent = state.flag("isPresent");
            slot.isConfirmed = state.flag("isConfirmed");
            slot.news = state.int32("news", 0, EJECT_REQUEST);
            if (slot.news != 0 && slot.news != DEVICE_CHECK && slot.news != EJECT_REQUEST) {
                throw new StateException("news is " + slot.news + ", not " + DEVICE_CHECK + " or " + EJECT_REQUEST);
            }
            slot.checksOwed = state.int32("checksOwed", 0, OWED_MAX);
            slot.ejectsOwed = state.int32("ejectsOwed", 0, OWED_MAX);
            return slot;
        }

        void clear() {
            isPresent = false;
            isConfirmed = false;
            news = 0;
            checksOwed = 0;
            ejectsOwed = 0;
        }
    }

    private final Slot[] slots;
    private final Listener listener;
    private long selected;
    private int source;

    /**
     * @param max      processors there can be
     * @param atBoot   processors that are there from the start, 1 or more
     * @param listener hears of the guest's answers
     */
    public CpuController(int max, int atBoot, Listener listener) {
        this.slots = new Slot[max];
        this.listener = listener;
        for (int cpu = 0; cpu < max; cpu++) {
            slots[cpu] = new Slot();
            slots[cpu].isPresent = cpu < atBoot;
            slots[cpu].isConfirmed = cpu < atBoot;
        }
    }

    /** Has the guest be told of a new processor, or once more of one that it has not confirmed. The event comes on top. */
    public synchronized void offer(int cpu) {
        slots[cpu].news = DEVICE_CHECK;
    }

    /** Has the guest be asked to give a processor back. The event comes on top. */
    public synchronized void requestEject(int cpu) {
        requireRemovable(cpu);
        slots[cpu].news = EJECT_REQUEST;
    }

    /** Takes back news that the guest has not taken yet; false when there is none. */
    public synchronized boolean withdraw(int cpu) {
        boolean untaken = slots[cpu].news != 0;
        slots[cpu].news = 0;
        return untaken;
    }

    /** True when the processor is there for the guest. */
    public synchronized boolean isPresent(int cpu) {
        return slots[cpu].isPresent;
    }

    /** True when the processor is there for the guest, or is about to be once it has taken the news. */
    public synchronized boolean isOffered(int cpu) {
        return slots[cpu].isPresent || slots[cpu].news == DEVICE_CHECK;
    }

    /** True when the guest has said that it has the processor, or had it from the start, and has not given it back. */
    public synchronized boolean isConfirmed(int cpu) {
        return slots[cpu].isConfirmed;
    }

    /** True when the guest has been asked for the processor, knows it, and has neither given it back nor said why not. */
    public synchronized boolean owesEject(int cpu) {
        return slots[cpu].ejectsOwed > 0;
    }

    /** Processors that are {@linkplain #isConfirmed confirmed}. */
    public synchronized int confirmedCount() {
        return (int) Arrays.stream(slots).filter(slot -> slot.isConfirmed).count();
    }

    @Override
    public synchronized State saveState() {
        return State.builder().put("selected", selected).put("source", source)
                .put("processors", Arrays.stream(slots).map(Slot::saveState).toList()).build();
    }

    /** Of a machine of as many processors; the listener hears nothing. */
    @Override
    public synchronized void restoreState(State state) throws StateException {
        List<Slot> saved = new ArrayList<>(slots.length);
        for (State each : state.parts("processors", slots.length, slots.length)) {
            try {
                saved.add(Slot.of(each));
            } catch (StateException e) {
                throw e.in("processor " + saved.size());
            }
        }
        if (!saved.get(0).isPresent || saved.get(0).news == EJECT_REQUEST) {
            throw new StateException("processor 0 never goes");
        }
        selected = state.integer("selected", 0, SELECTED_MAX);
        source = state.int32("source", Integer.MIN_VALUE, Integer.MAX_VALUE);
        saved.toArray(slots);
    }

    @Override
    public synchronized long read(long offset, int width) {
        if (width != WIDTH) {
            return 0;
        }
        return switch ((int) offset) {
            case SELECT -> selected;
            case STATE -> isSelectionValid() && slots[(int) selected].isPresent ? PRESENT : 0;
            case NEXT -> takeNews();
            default -> 0;
        };
    }

    private long takeNews() {
        for (int cpu = 0; cpu < slots.length; cpu++) {
            int value = slots[cpu].news;
            if (value != 0) {
                take(slots[cpu]);
                return (long) value << Short.SIZE | cpu;
            }
        }
        return 0;
    }

    private static void take(Slot slot) {
        if (slot.news == DEVICE_CHECK) {
            slot.isPresent = true;
            slot.checksOwed++;
        } else {
            slot.ejectsOwed++;
        }
        slot.news = 0;
    }

    @Override
    public synchronized void write(long offset, int width, long value) {
        if (width != WIDTH) {
            return;
        }
        switch ((int) offset) {
            case SELECT -> selected = value;
            case STATE -> eject(value);
            case SOURCE -> source = (int) value;
            case STATUS -> answer((int) value);
            default -> { }
        }
    }

    private void eject(long value) {
        if ((value & PRESENT) == 0 || !isSelectionValid() || selected == 0 || !slots[(int) selected].isPresent) {
            return;
        }
        // A request is met, in whatever way the guest came to it.
        slots[(int) selected].clear();
        listener.ejected((int) selected);
    }

    private void answer(int status) {
        if (!isSelectionValid()) {
            return;
        }
        int cpu = (int) selected;
        switch (source) {
            case DEVICE_CHECK -> answerCheck(cpu, slots[cpu], status);
            case EJECT_REQUEST -> answerEject(cpu, slots[cpu], status);
            // Of what the guest does by itself, its ejections say enough.
            default -> { }
        }
    }

    private void answerCheck(int cpu, Slot slot, int status) {
        if (status == INSERT_IN_PROGRESS || slot.checksOwed == 0) {
            return;
        }
        slot.checksOwed--;
        if (status == 0) {
            slot.isConfirmed = true;
            // It need not be told once more.
            slot.news = slot.news == DEVICE_CHECK ? 0 : slot.news;
        }
        listener.answered(cpu, DEVICE_CHECK, status, slot.checksOwed == 0 && slot.news != DEVICE_CHECK);
    }

    private void answerEject(int cpu, Slot slot, int status) {
        if (status == EJECT_IN_PROGRESS || slot.ejectsOwed == 0) {
            return;
        }
        slot.ejectsOwed--;
        listener.answered(cpu, EJECT_REQUEST, status, slot.ejectsOwed == 0 && slot.news != EJECT_REQUEST);
    }

    private boolean isSelectionValid() {
        return selected < slots.length;
    }

    private static void requireRemovable(int cpu) {
        if (cpu == 0) {
            throw new IllegalArgumentException("processor 0 never goes");
        }
    }
}
