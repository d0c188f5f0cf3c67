package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The registers of a local APIC, argument of KVM_GET_LAPIC and KVM_SET_LAPIC. Mutable value: get, change, set.
 */
public final class LapicState {
    /*
     * struct kvm_lapic_state {
     *     char regs[1024];     // the register page of Intel SDM volume 3, table 11-1
     * };
     */
    /** Bytes. */
    public static final int SIZE = 1024;
    public static final int REGS = 0;

    private final ByteBuffer registers = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /** Reads the structure. */
    public static LapicState readFrom(ByteBuffer b) {
        LapicState state = new LapicState();
        b.get(REGS, state.registers.array());
        return state;
    }

    /** Writes the structure. */
    public void writeTo(ByteBuffer b) {
        b.put(REGS, registers.array());
    }

    /** The 32-bit register at {@code offset} of the register page, such as 0x350 for LVT LINT0. */
    public int register(int offset) {
        return registers.getInt(offset);
    }

    /** Changes the 32-bit register at {@code offset}. */
    public void setRegister(int offset, int value) {
        registers.putInt(offset, value);
    }

    /** The whole page, little-endian; changes show. */
    public ByteBuffer registers() {
        return registers;
    }
}
