package io.vmm4j.kvm.abi;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An editable set of CPUID answers, at most one for a leaf and subleaf. Not synchronized. */
public final class Cpuid {
    private final List<CpuidEntry> entries;

    /** A copy of {@code entries}. */
    public Cpuid(List<CpuidEntry> entries) {
        this.entries = new ArrayList<>(entries);
    }

    /** The answer that the guest gets for a leaf and subleaf. */
    public Optional<CpuidEntry> find(int function, int index) {
        int i = indexOf(function, index);
        return i < 0 ? Optional.empty() : Optional.of(entries.get(i));
    }

    /** Replaces the answer for the entry's leaf and subleaf, or adds it. */
    public void put(CpuidEntry entry) {
        int i = indexOf(entry.function(), entry.index());
        if (i < 0) {
            entries.add(entry);
        } else {
            entries.set(i, entry);
        }
    }

    /** Drops all subleaves of a leaf. */
    public void remove(int function) {
        entries.removeIf(entry -> entry.function() == function);
    }

    /** A copy of the entries, for {@code KvmVcpu.setCpuid}. */
    public List<CpuidEntry> entries() {
        return List.copyOf(entries);
    }

    private int indexOf(int function, int index) {
        for (int i = 0; i < entries.size(); i++) {
            CpuidEntry entry = entries.get(i);
            if (entry.function() == function && (!entry.hasSignificantIndex() || entry.index() == index)) {
                return i;
            }
        }
        return -1;
    }
}
