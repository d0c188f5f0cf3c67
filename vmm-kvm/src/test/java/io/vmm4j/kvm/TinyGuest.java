package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.kvm.abi.KvmRegs;
import io.vmm4j.kvm.abi.KvmSegment;
import io.vmm4j.kvm.abi.KvmSregs;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.ThreadSignal;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A machine with one vCPU, 64 KiB of memory at 0, and a few bytes of code at 0x1000. A guest that does not come to an
 * end is interrupted after ten seconds.
 */
final class TinyGuest implements AutoCloseable {
    static final int CODE = 0x1000;
    static final long MEMORY_SIZE = 0x10000;

    private static final int SECONDS = 10;
    private static final int PML4 = 0x8000;
    private static final int PDPT = 0x9000;
    private static final int PD = 0xA000;
    private static final long PRESENT_WRITABLE = 3;
    private static final long LARGE_PAGE = 0x80;

    final Kvm kvm;
    final KvmVm vm;
    final ByteBuffer memory;
    final KvmVcpu vcpu;
    private final Mapping mapping;

    /** Things to do to the machine before its vCPU is made. */
    interface Preparation {
        void prepare(KvmVm vm) throws KvmException;
    }

    TinyGuest(String code, Preparation preparation) throws Exception {
        assumeTrue(Files.exists(Path.of("/dev/kvm")), "no /dev/kvm on this machine");
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")),
                "/dev/kvm may not be opened: add the user to the group kvm");
        kvm = Kvm.open();
        vm = kvm.createVm();
        mapping = Mapping.anonymous(MEMORY_SIZE);
        memory = mapping.buffer(0, MEMORY_SIZE);
        vm.setUserMemoryRegion(0, 0, 0, MEMORY_SIZE, mapping.address());
        preparation.prepare(vm);
        vcpu = vm.createVcpu(0);
        memory.put(CODE, HexFormat.of().parseHex(code.replace(" ", "")));
    }

    /** 16-bit code with all segments at 0, started at {@link #CODE}; code in hexadecimal. */
    static TinyGuest realMode(String code) throws Exception {
        return realMode(code, vm -> { });
    }

    static TinyGuest realMode(String code, Preparation preparation) throws Exception {
        TinyGuest guest = new TinyGuest(code, preparation);
        KvmSregs sregs = guest.vcpu.getSregs();
        sregs.cs.base = 0;
        sregs.cs.selector = 0;
        guest.vcpu.setSregs(sregs);
        guest.start();
        return guest;
    }

    /** 64-bit code with the first GiB mapped one to one; code in hexadecimal. */
    static TinyGuest longMode(String code) throws Exception {
        return longMode(code, vm -> { });
    }

    static TinyGuest longMode(String code, Preparation preparation) throws Exception {
        TinyGuest guest = new TinyGuest(code, preparation);
        guest.memory.putLong(PML4, PDPT | PRESENT_WRITABLE).putLong(PDPT, PD | PRESENT_WRITABLE);
        for (int i = 0; i < 512; i++) {
            guest.memory.putLong(PD + i * 8, (long) i << 21 | LARGE_PAGE | PRESENT_WRITABLE);
        }
        KvmSregs sregs = guest.vcpu.getSregs();
        sregs.cr3 = PML4;
        sregs.cr4 |= 1 << 5; // PAE
        sregs.cr0 |= 1L << 31 | 1; // PG, PE
        sregs.efer |= 1 << 8 | 1 << 10; // LME, LMA
        flat(sregs.cs, 0x08, 0xB);
        sregs.cs.l = 1;
        for (KvmSegment data : new KvmSegment[] {sregs.ds, sregs.es, sregs.fs, sregs.gs, sregs.ss}) {
            flat(data, 0x10, 3);
        }
        guest.vcpu.setSregs(sregs);
        guest.start();
        return guest;
    }

    private static void flat(KvmSegment segment, int selector, int type) {
        segment.base = 0;
        segment.limit = 0xFFFFFFFF;
        segment.selector = selector;
        segment.type = type;
        segment.present = 1;
        segment.dpl = 0;
        segment.db = 0;
        segment.s = 1;
        segment.l = 0;
        segment.g = 1;
        segment.unusable = 0;
    }

    private void start() throws KvmException {
        KvmRegs regs = new KvmRegs();
        regs.rip = CODE;
        regs.rsp = 0x7000;
        regs.rflags = 2;
        vcpu.setRegs(regs);
    }

    /** Runs until something other than port and device accesses happens. */
    VcpuExit runToEnd(VcpuExitHandler handler) throws Exception {
        try (Watchdog watchdog = new Watchdog()) {
            VcpuExit exit;
            do {
                exit = vcpu.run(handler);
            } while (exit == VcpuExit.HANDLED);
            return watchdog.check(exit);
        }
    }

    /** Runs once. */
    VcpuExit runOnce(VcpuExitHandler handler) throws Exception {
        try (Watchdog watchdog = new Watchdog()) {
            return watchdog.check(vcpu.run(handler));
        }
    }

    private final class Watchdog implements AutoCloseable {
        private final CountDownLatch done = new CountDownLatch(1);
        private final ThreadSignal.Target target = ThreadSignal.current();
        private final Thread thread = new Thread(this::watch, "watchdog");

        Watchdog() {
            thread.setDaemon(true);
            thread.start();
        }

        private void watch() {
            try {
                if (!done.await(SECONDS, TimeUnit.SECONDS)) {
                    vcpu.requestExit();
                    target.kick();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        VcpuExit check(VcpuExit exit) {
            assertNotEquals(VcpuExit.INTERRUPTED, exit, "the guest came to no end in " + SECONDS + " seconds");
            return exit;
        }

        @Override
        public void close() {
            // The thread ends by itself; a kick that is under way already finds its thread alive and does no harm.
            done.countDown();
        }
    }

    @Override
    public void close() {
        vcpu.close();
        vm.close();
        mapping.close();
        kvm.close();
    }
}
