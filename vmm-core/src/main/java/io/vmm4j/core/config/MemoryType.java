package io.vmm4j.core.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where guest RAM comes from, under dbs-cli's names. */
public enum MemoryType {
    /**
     * The host's plain memory: an unnamed file where one is asked for; else a memfd, or private memory with transparent
     * huge pages where the host gives those to private memory only.
     */
    SHMEM(true, false),
    /** Huge pages from the pool that the host has set aside: a memfd, or an unnamed file on a hugetlbfs. */
    HUGETLBFS(true, false),
    /** Private memory. */
    ANON(false, false),
    /** As SHMEM, with transparent huge pages where the host allows them. */
    HUGESHMEM(true, true),
    /** As ANON, with transparent huge pages where the host allows them. */
    HUGEANON(false, true);

    private final boolean shared;
    private final boolean transparentHuge;

    MemoryType(boolean shared, boolean transparentHuge) {
        this.shared = shared;
        this.transparentHuge = transparentHuge;
    }

    /** The type of that name. */
    static Optional<MemoryType> of(String label) {
        return Arrays.stream(values()).filter(type -> type.label().equals(label)).findFirst();
    }

    static String labels() {
        return Arrays.stream(values()).map(MemoryType::label).collect(Collectors.joining(", "));
    }

    /** The name in options and configuration files. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether there is a file behind the memory. */
    public boolean isShared() {
        return shared;
    }

    /** Whether the kernel is asked for transparent huge pages. */
    public boolean isTransparentHuge() {
        return transparentHuge;
    }
}
