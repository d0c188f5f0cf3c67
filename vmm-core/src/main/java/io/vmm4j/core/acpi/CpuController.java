package io.vmm4j.core.acpi;

import io.vmm4j.devices.bus.BusDevice;

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
 * <p>Thread-safe. Processor 0 never goes.
 */
public final class CpuController implements BusDevice {

    /** What the guest says. Called on vCPU threads; short, takes no lock, never throws. */
    public interface Listener {

        /** The guest gives {@code cpu} back. Nobody sees it gone, or can offer it again, before this has returned. */
        void ejected(int cpu);

        /**
         * The guest's answer to a notification (ACPI 6.5, section 6.3.5).
         *
         * @param source the notification's value: 1 or 3
         * @param status 0 for success, else why not
         */
        void answered(int cpu, int source, int status);
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

    private final boolean[] present;
    /** News that the guest has not taken: 0, {@link #DEVICE_CHECK} or {@link #EJECT_REQUEST}. */
    private final int[] news;
    private final Listener listener;
    private long selected;
    private int source;

    /**
     * @param max      processors there can be
     * @param atBoot   processors that are there from the start, 1 or more
     * @param listener hears of the guest's answers
     */
    public CpuController(int max, int atBoot, Listener listener) {
        this.present = new boolean[max];
        this.news = new int[max];
        this.listener = listener;
        for (int cpu = 0; cpu < atBoot; cpu++) {
            present[cpu] = true;
        }
    }

    /** Has the guest be told of a new processor, or once more of one that it has not confirmed. The event comes on top. */
    public synchronized void offer(int cpu) {
        news[cpu] = DEVICE_CHECK;
    }

    /** Has the guest be asked to give a processor back. The event comes on top. */
    public synchronized void requestEject(int cpu) {
        requireRemovable(cpu);
        news[cpu] = EJECT_REQUEST;
    }

    /** Takes back news that the guest has not taken yet; false when there is none. */
    public synchronized boolean withdraw(int cpu) {
        boolean untaken = news[cpu] != 0;
        news[cpu] = 0;
        return untaken;
    }

    /** True when the processor is there for the guest. */
    public synchronized boolean isPresent(int cpu) {
        return present[cpu];
    }

    @Override
    public synchronized long read(long offset, int width) {
        if (width != WIDTH) {
            return 0;
        }
        return switch ((int) offset) {
            case SELECT -> selected;
            case STATE -> isSelectionValid() && present[(int) selected] ? PRESENT : 0;
            case NEXT -> takeNews();
            default -> 0;
        };
    }

    private long takeNews() {
        for (int cpu = 0; cpu < news.length; cpu++) {
            int value = news[cpu];
            if (value != 0) {
                news[cpu] = 0;
                present[cpu] |= value == DEVICE_CHECK;
                return (long) value << Short.SIZE | cpu;
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
            case SELECT -> select(value);
            case STATE -> eject(value);
            case SOURCE -> setSource(value);
            case STATUS -> answer(value);
            default -> { }
        }
    }

    private synchronized void select(long cpu) {
        selected = cpu;
    }

    private synchronized void setSource(long value) {
        source = (int) value;
    }

    private synchronized void eject(long value) {
        if ((value & PRESENT) == 0 || !isSelectionValid() || selected == 0 || !present[(int) selected]) {
            return;
        }
        int cpu = (int) selected;
        present[cpu] = false;
        // The request is met, in whatever way the guest came to it.
        news[cpu] = 0;
        listener.ejected(cpu);
    }

    private void answer(long status) {
        int cpu;
        int answered;
        synchronized (this) {
            if (!isSelectionValid()) {
                return;
            }
            cpu = (int) selected;
            answered = source;
        }
        listener.answered(cpu, answered, (int) status);
    }

    private boolean isSelectionValid() {
        return selected < present.length;
    }

    private static void requireRemovable(int cpu) {
        if (cpu == 0) {
            throw new IllegalArgumentException("processor 0 never goes");
        }
    }
}
