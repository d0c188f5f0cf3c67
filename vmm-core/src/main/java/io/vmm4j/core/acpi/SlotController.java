package io.vmm4j.core.acpi;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The registers by which a guest's ACPI code learns of devices that come into spare virtio-mmio windows and leave them again. A
 * window of I/O ports; each register has 32 bits, little-endian, and other widths read as zeros and are dropped.
 *
 * <pre>
 * 0x00  NEXT    RO  takes the next piece of news: the slot in bits 15:0, and in bits 31:16 what it is about, 1 (a device has
 *                   come: load its table) or 3 (give the device back); 0 for no more news
 * 0x04  SLOT    WO  the slot that the answer is about
 * 0x08  SOURCE  WO  which news is answered, 1 or 3
 * 0x0c  STATUS  WO  0 for success; writing it makes the answer
 * </pre>
 *
 * <p>Only who was told can answer: an answer counts as one to the oldest piece of news of its kind about its slot that the guest
 * has taken and not answered; where there is none it is dropped.
 *
 * <p>Thread-safe.
 */
public final class SlotController implements BusDevice, Stateful {

    /** What the guest says. Called on vCPU threads, without a lock of the controller's; short, never throws. */
    @FunctionalInterface
    public interface Listener {

        /**
         * The guest has done as it was told, or has not.
         *
         * @param news     {@link #COME} or {@link #GIVE_BACK}
         * @param status   0 for success, else why not
         * @param isLatest whether this answers what it was told last: it owes no other answer of that kind about the slot
         */
        void answered(int slot, int news, int status, boolean isLatest);
    }

    /** Bytes in the window. */
    public static final int LENGTH = 0x10;

    /** News: a device has come. */
    public static final int COME = 1;
    /** News: the host wants the device back. */
    public static final int GIVE_BACK = 3;

    private static final int NEXT = 0x00;
    private static final int SLOT = 0x04;
    private static final int SOURCE = 0x08;
    private static final int STATUS = 0x0c;
    private static final int WIDTH = 4;
    private static final long REGISTER_MAX = 0xFFFF_FFFFL;
    /** Far more answers than are ever owed, and far fewer than would make the count run over. */
    private static final int OWED_MAX = 1 << 30;

    /** Guarded by the controller. */
    private static final class Slot {
        /** What the guest has not taken: 0, {@link #COME} or {@link #GIVE_BACK}. */
        int news;
        int comesOwed;
        int returnsOwed;

        State saveState() {
            return State.builder().put("news", news).put("comesOwed", comesOwed).put("returnsOwed", returnsOwed).build();
        }

        static Slot of(State state) throws StateException {
            Slot slot = new Slot();
            slot.news = state.int32("news", 0, GIVE_BACK);
            if (slot.news != 0 && slot.news != COME && slot.news != GIVE_BACK) {
                throw new StateException("news is " + slot.news + ", not " + COME + " or " + GIVE_BACK);
            }
            slot.comesOwed = state.int32("comesOwed", 0, OWED_MAX);
            slot.returnsOwed = state.int32("returnsOwed", 0, OWED_MAX);
            return slot;
        }

        /** Takes off one answer of that kind; false when none is owed. */
        boolean settle(int answered) {
            if (answered == COME && comesOwed > 0) {
                comesOwed--;
                return true;
            }
            if (answered == GIVE_BACK && returnsOwed > 0) {
                returnsOwed--;
                return true;
            }
            return false;
        }

        boolean owes(int kind) {
            return (kind == COME ? comesOwed : returnsOwed) > 0;
        }
    }

    private final Slot[] slots;
    private final Listener listener;
    private long selected;
    private long source;

    /**
     * @param count    slots
     * @param listener hears of the guest's answers
     */
    public SlotController(int count, Listener listener) {
        this.slots = new Slot[count];
        this.listener = listener;
        for (int slot = 0; slot < count; slot++) {
            slots[slot] = new Slot();
        }
    }

    /** Has the guest be told, in place of what it has not taken yet. The event comes on top. */
    public synchronized void tell(int slot, int news) {
        slots[slot].news = news;
    }

    /** Takes back news that the guest has not taken yet; false when there is none. */
    public synchronized boolean withdraw(int slot) {
        boolean untaken = slots[slot].news != 0;
        slots[slot].news = 0;
        return untaken;
    }

    /** Whether the guest has taken news about the slot and not answered. */
    public synchronized boolean isAnswerOwed(int slot) {
        return slots[slot].owes(COME) || slots[slot].owes(GIVE_BACK);
    }

    /** The guest has let go of the device in the slot: what it still owes about that one it need not answer any more. */
    public synchronized void forgive(int slot) {
        slots[slot].comesOwed = 0;
        slots[slot].returnsOwed = 0;
    }

    @Override
    public synchronized State saveState() {
        return State.builder().put("selected", selected).put("source", source).put("slots", Arrays.stream(slots).map(Slot::saveState).toList())
                .build();
    }

    /** Of a machine of as many slots; the listener hears nothing. */
    @Override
    public synchronized void restoreState(State state) throws StateException {
        List<Slot> saved = new ArrayList<>(slots.length);
        for (State each : state.parts("slots", slots.length, slots.length)) {
            try {
                saved.add(Slot.of(each));
            } catch (StateException e) {
                throw e.in("slot " + saved.size());
            }
        }
        selected = state.integer("selected", 0, REGISTER_MAX);
        source = state.integer("source", 0, REGISTER_MAX);
        saved.toArray(slots);
    }

    @Override
    public synchronized long read(long offset, int width) {
        return offset == NEXT && width == WIDTH ? takeNews() : 0;
    }

    private long takeNews() {
        for (int number = 0; number < slots.length; number++) {
            Slot slot = slots[number];
            int news = slot.news;
            if (news != 0) {
                slot.news = 0;
                slot.comesOwed += news == COME ? 1 : 0;
                slot.returnsOwed += news == GIVE_BACK ? 1 : 0;
                return (long) news << Short.SIZE | number;
            }
        }
        return 0;
    }

    @Override
    public void write(long offset, int width, long value) {
        if (width != WIDTH) {
            return;
        }
        switch ((int) offset) {
            case SLOT -> select(value);
            case SOURCE -> setSource(value);
            case STATUS -> answer((int) value);
            default -> { }
        }
    }

    private synchronized void select(long slot) {
        selected = slot;
    }

    private synchronized void setSource(long news) {
        source = news;
    }

    private void answer(int status) {
        int slot;
        int news;
        boolean isLatest;
        synchronized (this) {
            if (selected >= slots.length || !slots[(int) selected].settle((int) source)) {
                return;
            }
            slot = (int) selected;
            news = (int) source;
            isLatest = !slots[slot].owes(news);
        }
        listener.answered(slot, news, status, isLatest);
    }
}
