package io.vmm4j.core.boot;

import io.vmm4j.kvm.abi.KvmSegment;
import io.vmm4j.kvm.abi.KvmSregs;

/** The segments that both boot protocols start the boot vCPU with: all of memory from 0 on (Intel SDM volume 3, 3.4.5). */
final class FlatSegments {

    /** The selectors of Linux's boot protocols: __BOOT_CS and __BOOT_DS. */
    private static final int BOOT_CS = 0x10;
    private static final int BOOT_DS = 0x18;
    /** Execute and read, accessed. */
    private static final int TYPE_CODE = 0xB;
    /** Read and write, accessed. */
    private static final int TYPE_DATA = 0x3;
    private static final int TYPE_BUSY_TSS = 0xB;
    private static final int TSS_LIMIT = 0x67;

    private FlatSegments() {
    }

    /** Puts {@code code} and flat data segments into a vCPU's registers, and a task. */
    static void load(KvmSregs sregs, KvmSegment code) {
        sregs.cs = code;
        sregs.ds = data();
        sregs.es = data();
        sregs.fs = data();
        sregs.gs = data();
        sregs.ss = data();
        sregs.tr = task();
    }

    /** 32-bit code. */
    static KvmSegment code32() {
        KvmSegment segment = segment(BOOT_CS, TYPE_CODE);
        segment.db = 1;
        return segment;
    }

    /** 64-bit code. */
    static KvmSegment code64() {
        KvmSegment segment = segment(BOOT_CS, TYPE_CODE);
        segment.l = 1;
        return segment;
    }

    private static KvmSegment data() {
        KvmSegment segment = segment(BOOT_DS, TYPE_DATA);
        segment.db = 1;
        return segment;
    }

    private static KvmSegment segment(int selector, int type) {
        KvmSegment segment = new KvmSegment();
        segment.selector = selector;
        segment.type = type;
        segment.limit = -1;
        segment.present = 1;
        segment.s = 1;
        segment.g = 1;
        return segment;
    }

    /** A busy task: Intel CPUs refuse to enter a guest without one, though nothing uses it. */
    private static KvmSegment task() {
        KvmSegment segment = new KvmSegment();
        segment.type = TYPE_BUSY_TSS;
        segment.limit = TSS_LIMIT;
        segment.present = 1;
        return segment;
    }
}
