package io.vmm4j.kvm.abi;

import java.nio.ByteBuffer;

/** The general registers, argument of KVM_GET_REGS and KVM_SET_REGS. Mutable value; new ones hold zeros. */
public final class KvmRegs {
    /*
     * struct kvm_regs {
     *     __u64 rax, rbx, rcx, rdx;
     *     __u64 rsi, rdi, rsp, rbp;
     *     __u64 r8,  r9,  r10, r11;
     *     __u64 r12, r13, r14, r15;
     *     __u64 rip, rflags;
     * };
     */
    /** Bytes. */
    public static final int SIZE = 144;
    public static final int RAX = 0;
    public static final int RBX = 8;
    public static final int RCX = 16;
    public static final int RDX = 24;
    public static final int RSI = 32;
    public static final int RDI = 40;
    public static final int RSP = 48;
    public static final int RBP = 56;
    public static final int R8 = 64;
    public static final int R9 = 72;
    public static final int R10 = 80;
    public static final int R11 = 88;
    public static final int R12 = 96;
    public static final int R13 = 104;
    public static final int R14 = 112;
    public static final int R15 = 120;
    public static final int RIP = 128;
    public static final int RFLAGS = 136;

    public long rax;
    public long rbx;
    public long rcx;
    public long rdx;
    public long rsi;
    public long rdi;
    public long rsp;
    public long rbp;
    public long r8;
    public long r9;
    public long r10;
    public long r11;
    public long r12;
    public long r13;
    public long r14;
    public long r15;
    public long rip;
    /** Bit 1 is always set on a real CPU. */
    public long rflags;

    /** Reads the structure. */
    public static KvmRegs readFrom(ByteBuffer b) {
        KvmRegs regs = new KvmRegs();
        regs.rax = b.getLong(RAX);
        regs.rbx = b.getLong(RBX);
        regs.rcx = b.getLong(RCX);
        regs.rdx = b.getLong(RDX);
        regs.rsi = b.getLong(RSI);
        regs.rdi = b.getLong(RDI);
        regs.rsp = b.getLong(RSP);
        regs.rbp = b.getLong(RBP);
        regs.r8 = b.getLong(R8);
        regs.r9 = b.getLong(R9);
        regs.r10 = b.getLong(R10);
        regs.r11 = b.getLong(R11);
        regs.r12 = b.getLong(R12);
        regs.r13 = b.getLong(R13);
        regs.r14 = b.getLong(R14);
        regs.r15 = b.getLong(R15);
        regs.rip = b.getLong(RIP);
        regs.rflags = b.getLong(RFLAGS);
        return regs;
    }

    /** Writes the structure. */
    public void writeTo(ByteBuffer b) {
        b.putLong(RAX, rax);
        b.putLong(RBX, rbx);
        b.putLong(RCX, rcx);
        b.putLong(RDX, rdx);
        b.putLong(RSI, rsi);
        b.putLong(RDI, rdi);
        b.putLong(RSP, rsp);
        b.putLong(RBP, rbp);
        b.putLong(R8, r8);
        b.putLong(R9, r9);
        b.putLong(R10, r10);
        b.putLong(R11, r11);
        b.putLong(R12, r12);
        b.putLong(R13, r13);
        b.putLong(R14, r14);
        b.putLong(R15, r15);
        b.putLong(RIP, rip);
        b.putLong(RFLAGS, rflags);
    }
}
