package io.vmm4j.bench.report;

import java.util.Arrays;
import java.util.Optional;

/** What is measured, in the order of the table. Constants are named in the results by {@link #id}. */
enum Measure {

    START("start-ms", "start to the first guest byte", "ms", false),
    START_CPU("start-cpu-ms", "processor time of a start", "ms", false),
    MEMORY_RSS("memory-rss-mib", "resident beyond the guest's memory", "MiB", false),
    MEMORY_PSS("memory-pss-mib", "the same, shared pages by parts", "MiB", false),
    EXIT("exit-ns", "a port write", "ns", false),
    BOOT_VMLINUX("boot-vmlinux-ms", "start to Linux' init, vmlinux", "ms", false),
    BOOT_BZIMAGE("boot-bzimage-ms", "start to Linux' init, bzImage", "ms", false),
    IDLE_CPU("idle-cpu-ms", "processor time while Linux idles", "ms/s", false),
    IDLE_RSS("idle-rss-mib", "resident beyond an idle Linux guest's", "MiB", false),
    SEQUENTIAL_READ("disk-seq-read", "disk: read, 1 MiB", "MiB/s", true),
    SEQUENTIAL_WRITE("disk-seq-write", "disk: write, 1 MiB", "MiB/s", true),
    READ("disk-rand-read", "disk: read, 4 KiB", "1/s", true),
    READ_16("disk-rand-read-16", "disk: read, 4 KiB, 16 at a time", "1/s", true),
    WRITE_16("disk-rand-write-16", "disk: write, 4 KiB, 16 at a time", "1/s", true),
    TAP_IN("tap-to-guest", "TCP by tap into the guest", "MiB/s", true),
    TAP_OUT("tap-from-guest", "TCP by tap out of the guest", "MiB/s", true),
    VSOCK_IN("vsock-to-guest", "vsock into the guest", "MiB/s", true),
    VSOCK_OUT("vsock-from-guest", "vsock out of the guest", "MiB/s", true);

    private final String id;
    private final String title;
    private final String unit;
    private final boolean isRate;

    Measure(String id, String title, String unit, boolean isRate) {
        this.id = id;
        this.title = title;
        this.unit = unit;
        this.isRate = isRate;
    }

    static Optional<Measure> of(String id) {
        return Arrays.stream(values()).filter(measure -> measure.id.equals(id)).findFirst();
    }

    String id() {
        return id;
    }

    String title() {
        return title;
    }

    String unit() {
        return unit;
    }

    /** More is better; otherwise less is. */
    boolean isRate() {
        return isRate;
    }

    /** How many times dearer {@code value} is than {@code reference}: less is better, whichever way the measure itself counts. */
    double cost(double value, double reference) {
        return isRate ? reference / value : value / reference;
    }
}
