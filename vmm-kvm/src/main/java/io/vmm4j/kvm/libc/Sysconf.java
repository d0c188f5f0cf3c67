package io.vmm4j.kvm.libc;

/** What sysconf(3) would say of this platform. */
public final class Sysconf {
    private Sysconf() {
    }

    /** Bytes in a page; fixed by the x86-64 architecture. */
    public static int pageSize() {
        return 4096;
    }

    /** {@code bytes} rounded up to whole pages. */
    public static long roundUpToPage(long bytes) {
        return Math.addExact(bytes, pageSize() - 1) & -pageSize();
    }
}
