package io.vmm4j.devices.ioapic;

import static io.vmm4j.devices.ioapic.IoApicRegisters.DELMOD;
import static io.vmm4j.devices.ioapic.IoApicRegisters.DESTINATION_SHIFT;
import static io.vmm4j.devices.ioapic.IoApicRegisters.DESTMOD;
import static io.vmm4j.devices.ioapic.IoApicRegisters.EXTENDED_DESTINATION_MASK;
import static io.vmm4j.devices.ioapic.IoApicRegisters.EXTENDED_DESTINATION_SHIFT;
import static io.vmm4j.devices.ioapic.IoApicRegisters.ID_MASK;
import static io.vmm4j.devices.ioapic.IoApicRegisters.INTVEC;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOAPICARB;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOAPICID;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOAPICVER;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOREDTBL;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOREGSEL;
import static io.vmm4j.devices.ioapic.IoApicRegisters.IOWIN;
import static io.vmm4j.devices.ioapic.IoApicRegisters.LAST_INPUT_SHIFT;
import static io.vmm4j.devices.ioapic.IoApicRegisters.MASKED;
import static io.vmm4j.devices.ioapic.IoApicRegisters.VERSION;
import static io.vmm4j.devices.ioapic.IoApicRegisters.WRITABLE;

import io.vmm4j.devices.bus.BusDevice;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An I/O APIC (82093AA) that sends no interrupts itself: it tells {@link MessageRoutes} what message an edge at each of its
 * inputs is to become, so that edges take the short way from where they arise to the local APICs.
 *
 * <p>All inputs are edges, which is what the machine's devices make. An entry that is programmed as level-triggered or
 * active low delivers edges all the same; its Remote IRR is never set, and no end of interrupt is waited for. Edges at a
 * masked input are lost, as in the hardware.
 *
 * <p>Thread-safe: vCPU threads access the registers under one lock.
 */
public final class IoApic implements BusDevice, Stateful {

    /** Bytes in the window. */
    public static final int LENGTH = 0x20;

    /** Inputs of the chip. */
    public static final int INPUTS = 24;

    private static final int HALF = Integer.SIZE;
    private static final long LOW_HALF = 0xFFFF_FFFFL;
    private static final int INDEX_MASK = 0xFF;

    /** Intel SDM volume 3, section 11.11.1: where messages to local APICs go. */
    private static final long MESSAGE_ADDRESS = 0xFEE0_0000L;
    private static final int ADDRESS_DESTINATION_SHIFT = 12;
    private static final long ADDRESS_LOGICAL = 1 << 2;
    /** Above the address's low half; bits 31 to 8 of the destination as they are. */
    private static final int ADDRESS_HIGH_SHIFT = 32;
    private static final long DESTINATION_LOW = 0xFF;

    private final MessageRoutes routes;
    private final long[] entries = new long[INPUTS];
    private int select;
    private int id;

    /** @param routes hears of each change; every input begins masked, without being told so */
    public IoApic(MessageRoutes routes) {
        this.routes = routes;
        Arrays.fill(entries, MASKED);
    }

    @Override
    public synchronized long read(long offset, int width) {
        return switch ((int) offset) {
            case IOREGSEL -> select;
            case IOWIN -> readSelected();
            default -> 0;
        };
    }

    private long readSelected() {
        return switch (select) {
            case IOAPICID, IOAPICARB -> id;
            case IOAPICVER -> VERSION | INPUTS - 1 << LAST_INPUT_SHIFT;
            default -> isEntrySelected() ? entries[selectedInput()] >>> selectedShift() & LOW_HALF : 0;
        };
    }

    @Override
    public synchronized void write(long offset, int width, long value) {
        switch ((int) offset) {
            case IOREGSEL -> select = (int) value & INDEX_MASK;
            case IOWIN -> writeSelected(value & LOW_HALF);
            default -> { }
        }
    }

    private void writeSelected(long value) {
        if (select == IOAPICID) {
            id = (int) value & ID_MASK;
        } else if (isEntrySelected()) {
            int input = selectedInput();
            long before = entries[input];
            long kept = before & ~(LOW_HALF << selectedShift());
            entries[input] = (kept | value << selectedShift()) & WRITABLE;
            if (entries[input] != before) {
                announce(input, before);
            }
        }
    }

    @Override
    public synchronized State saveState() {
        List<State> states = new ArrayList<>(INPUTS);
        for (long entry : entries) {
            states.add(State.builder().put("entry", entry).build());
        }
        return State.builder().put("select", select).put("id", id).put("inputs", states).build();
    }

    @Override
    public synchronized void restoreState(State state) throws StateException {
        List<State> states = state.parts("inputs", INPUTS, INPUTS);
        long[] saved = new long[INPUTS];
        for (int i = 0; i < INPUTS; i++) {
            saved[i] = states.get(i).bits("entry");
            if ((saved[i] & ~WRITABLE) != 0) {
                throw new StateException("entry of input " + i + " is 0x" + Long.toHexString(saved[i]) + ", with bits that are never set");
            }
        }
        int savedSelect = state.int32("select", 0, INDEX_MASK);
        id = state.int32("id", 0, ID_MASK) & ID_MASK;
        select = savedSelect;
        routes.together(() -> takeEntries(saved));
    }

    /** Only what is another changes a route. */
    private void takeEntries(long[] saved) {
        for (int i = 0; i < INPUTS; i++) {
            long before = entries[i];
            entries[i] = saved[i];
            if (saved[i] != before) {
                announce(i, before);
            }
        }
    }

    private void announce(int input, long before) {
        long entry = entries[input];
        if (isMasked(entry)) {
            if (!isMasked(before)) {
                routes.cut(input);
            }
            return;
        }
        routes.route(input, addressOf(entry), (int) (entry & (INTVEC | DELMOD)));
    }

    private static long addressOf(long entry) {
        long destination = entry >>> DESTINATION_SHIFT
                | (entry >>> EXTENDED_DESTINATION_SHIFT & EXTENDED_DESTINATION_MASK) << Byte.SIZE;
        return MESSAGE_ADDRESS | (destination & DESTINATION_LOW) << ADDRESS_DESTINATION_SHIFT
                | ((entry & DESTMOD) != 0 ? ADDRESS_LOGICAL : 0)
                | (destination & ~DESTINATION_LOW) << ADDRESS_HIGH_SHIFT;
    }

    private static boolean isMasked(long entry) {
        return (entry & MASKED) != 0;
    }

    private boolean isEntrySelected() {
        return select >= IOREDTBL && select < IOREDTBL + 2 * INPUTS;
    }

    private int selectedInput() {
        return (select - IOREDTBL) / 2;
    }

    private int selectedShift() {
        return (select - IOREDTBL) % 2 * HALF;
    }
}
