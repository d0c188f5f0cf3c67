package io.vmm4j.core.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The huge pages of one size that the host has set aside. */
record HugePagePool(long pageSize, Path directory) {

    private static final Path POOLS = Path.of("/sys/kernel/mm/hugepages");

    static HugePagePool of(long pageSize) {
        return new HugePagePool(pageSize, POOLS.resolve("hugepages-" + (pageSize >> 10) + "kB"));
    }

    /** How {@code bytes} compare with what is free, and what to do about it. */
    String describe(long bytes) {
        long needed = bytes / pageSize;
        String sizes = needed + " huge pages of " + (pageSize >> 20) + " MiB are needed";
        try {
            long free = Math.max(0, count("free_hugepages") - count("resv_hugepages"));
            if (free >= needed) {
                return sizes + " and " + free + " are free: a limit stands against it, such as a control group's on huge pages";
            }
            long total = count("nr_hugepages") + needed - free;
            return sizes + " and " + free + " are free; echo " + total + " > " + directory.resolve("nr_hugepages") + " sets more aside";
        } catch (IOException | NumberFormatException e) {
            return sizes + " and this host has no such pool";
        }
    }

    private long count(String file) throws IOException {
        return Long.parseLong(Files.readString(directory.resolve(file)).strip());
    }
}
