package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much memory the host has, and may give to this process. */
final class HostMemory {

    private static final Logger LOG = LoggerFactory.getLogger(HostMemory.class);
    /** The key of the configuration under which the size of memory is refused. */
    static final String SIZE_KEY = "machine-config.mem_size_mib";
    private static final String NEVER_OVERCOMMIT = "2";
    private static final List<String> MEMORY_FILE_SYSTEMS = List.of("tmpfs", "ramfs");
    private static final String AT_ONCE = ", and all of it is to be brought in before the guest starts";

    private final Path root;

    /** @param root where /proc and /sys are; {@code /} but in tests */
    HostMemory(Path root) {
        this.root = root;
    }

    /** Whether the host promises no more memory than it has, so that shared memory can run out under a mapping. */
    static boolean isCommitCounted() {
        return NEVER_OVERCOMMIT.equals(new HostMemory(Path.of("/")).read("proc/sys/vm/overcommit_memory"));
    }

    /**
     * Refuses guest RAM that the host or a control group's limit can never hold. Huge pages that the host has set aside are
     * no part of either.
     */
    static void check(MachineConfig machine) throws ConfigException {
        if (!MemoryType.HUGETLBFS.label().equals(machine.memType())) {
            new HostMemory(Path.of("/")).require(machine.memoryBytes(), machine.memPrefault() || isInMemory(machine.memFilePath()));
        }
    }

    /** Whether a file there takes memory as soon as it is allocated. What is wrong with the path is found where it is used. */
    private static boolean isInMemory(String path) {
        try {
            return !path.isEmpty() && MEMORY_FILE_SYSTEMS.contains(Files.getFileStore(Path.of(path)).type());
        } catch (IOException | InvalidPathException e) {
            LOG.debug("no memory file can be made in {}: {}", path, e.toString());
            return false;
        }
    }

    /**
     * @param atOnce whether all of it is brought in before the guest starts: then it is held against what is left, because
     *     too much of it ends this process
     */
    void require(long bytes, boolean atOnce) throws ConfigException {
        String info = read("proc/meminfo");
        long all = Math.addExact(field(info, "MemTotal:"), field(info, "SwapTotal:"));
        if (all > 0 && bytes > all) {
            throw refusal(bytes, "above the " + (all >> 20) + " MiB of memory and swap that the host has");
        }
        long available = field(info, "MemAvailable:") + field(info, "SwapFree:");
        if (atOnce && available > 0 && bytes > available) {
            throw refusal(bytes, "above the " + (available >> 20) + " MiB of memory and swap that the host has left" + AT_ONCE);
        }
        for (String line : read("proc/self/cgroup").split("\n")) {
            requireWithinGroup(line, bytes, atOnce, field(info, "SwapFree:"));
        }
    }

    /** @param line {@code 0::/path} of version 2, {@code 4:memory:/path} of version 1, or another controller's */
    private void requireWithinGroup(String line, long bytes, boolean atOnce, long swapFree) throws ConfigException {
        String[] parts = line.split(":", 3);
        boolean isUnified = line.startsWith("0::");
        if (parts.length < 3 || !isUnified && !List.of(parts[1].split(",")).contains("memory")) {
            return;
        }
        Path top = root.resolve(isUnified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
        String file = isUnified ? "memory.max" : "memory.limit_in_bytes";
        String usage = isUnified ? "memory.current" : "memory.usage_in_bytes";
        Path group = top.resolve(parts[2].substring(1)).normalize();
        while (group.startsWith(top)) {
            Long limit = number(group.resolve(file));
            if (limit != null && bytes > limit) {
                throw refusal(bytes, "above the limit of " + (limit >> 20) + " MiB in " + group.resolve(file));
            }
            Long used = atOnce && limit != null ? number(group.resolve(usage)) : null;
            if (used != null) {
                long left = Math.max(0, limit - used + fileCache(group, isUnified)) + swapFree;
                if (bytes > left) {
                    throw refusal(bytes, "above the " + (left >> 20) + " MiB that are left of the limit of " + (limit >> 20) + " MiB in "
                            + group.resolve(file) + AT_ONCE);
                }
            }
            group = group.getParent();
        }
    }

    /** What a group uses for files, which goes when memory is short. */
    private long fileCache(Path group, boolean isUnified) {
        String prefix = isUnified ? "" : "total_";
        return read(root.relativize(group.resolve("memory.stat")).toString()).lines().map(line -> line.split(" "))
                .filter(words -> words[0].equals(prefix + "inactive_file") || words[0].equals(prefix + "active_file"))
                .mapToLong(words -> Long.parseLong(words[1])).sum();
    }

    /** The number of bytes in {@code file}, or {@code null} when it is not there or says that there is no limit. */
    private Long number(Path file) {
        String text = read(root.relativize(file).toString());
        return text.matches("\\d{1,18}") ? Long.valueOf(text) : null;
    }

    private static long field(String info, String name) {
        int at = info.indexOf(name);
        if (at < 0) {
            return 0;
        }
        String rest = info.substring(at + name.length()).stripLeading();
        return Long.parseLong(rest.substring(0, rest.indexOf(' '))) << 10;
    }

    private static ConfigException refusal(long bytes, String why) {
        return new ConfigException(SIZE_KEY, "memory size " + (bytes >> 20) + " MiB is " + why);
    }

    private String read(String file) {
        try {
            return Files.readString(root.resolve(file)).strip();
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            LOG.debug("{} cannot be read: {}", file, e.toString());
            return "";
        }
    }
}
