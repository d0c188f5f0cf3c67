package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCpuid2;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.NativeStruct;
import java.util.ArrayList;
import java.util.List;

/** The calls that take or give a list of CPUID's answers. */
final class CpuidCalls {
    private CpuidCalls() {
    }

    /** KVM_SET_CPUID2. */
    static void set(Fd vcpu, List<CpuidEntry> entries) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmCpuid2.SIZE + entries.size() * CpuidEntry.SIZE);
        struct.bytes().putInt(KvmCpuid2.NENT, entries.size());
        // By way of an array, because this is done for each vCPU before anything is compiled.
        int[] words = new int[entries.size() * CpuidEntry.SIZE / Integer.BYTES];
        int at = 0;
        for (CpuidEntry entry : entries) {
            entry.writeTo(words, at);
            at += CpuidEntry.SIZE / Integer.BYTES;
        }
        struct.bytes().asIntBuffer().put(KvmCpuid2.ENTRIES / Integer.BYTES, words);
        Ioctls.call(vcpu, "KVM_SET_CPUID2", KvmRequests.KVM_SET_CPUID2, struct);
    }

    /** KVM_GET_CPUID2 or KVM_GET_SUPPORTED_CPUID, with room for {@code capacity} entries. */
    static List<CpuidEntry> get(Fd fd, String name, long request, int capacity) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(KvmCpuid2.SIZE + capacity * CpuidEntry.SIZE);
        struct.bytes().putInt(KvmCpuid2.NENT, capacity);
        Ioctls.call(fd, name, request, struct);
        int count = struct.bytes().getInt(KvmCpuid2.NENT);
        List<CpuidEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            entries.add(CpuidEntry.readFrom(struct.bytes(), KvmCpuid2.ENTRIES + i * CpuidEntry.SIZE));
        }
        return entries;
    }
}
