package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryType;
import io.vmm4j.core.memo.Recent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

    /** The limits are a courtesy, as RAM is had page by page: those of a moment ago do where many machines are made. */
    private static final long MOMENT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final Recent<List<Bound>> BOUNDS = new Recent<>(() -> new HostMemory(Path.of("/")).bounds(), MOMENT_NANOS, System::nanoTime);
    private static final Recent<Boolean> COMMIT_COUNTED = new Recent<>(
            () -> NEVER_OVERCOMMIT.equals(new HostMemory(Path.of("/")).read("proc/sys/vm/overcommit_memory")), MOMENT_NANOS, System::nanoTime);

    /**
     * What the host can never hold more than.
     *
     * @param why said of more
     */
    private record Bound(long bytes, String why) {
    }

    /** A control group with a limit of memory. */
    private record Group(Path path, boolean isUnified, long limit) {

        Path limitFile() {
            return path.resolve(isUnified ? "memory.max" : "memory.limit_in_bytes");
        }

        Path usageFile() {
            return path.resolve(isUnified ? "memory.current" : "memory.usage_in_bytes");
        }
    }

    private final Path root;

    /** @param root where /proc and /sys are; {@code /} but in tests */
    HostMemory(Path root) {
        this.root = root;
    }

    /** Whether the host promises no more memory than it has, so that shared memory can run out under a mapping. */
    static boolean isCommitCounted() {
        return COMMIT_COUNTED.get();
    }

    /**
     * Refuses guest RAM that the host or a control group's limit can never hold. Huge pages that the host has set aside are
     * no part of either.
     */
    static void check(MachineConfig machine) throws ConfigException {
        if (MemoryType.HUGETLBFS.label().equals(machine.memType())) {
            return;
        }
        if (machine.memPrefault() || isInMemory(machine.memFilePath())) {
            new HostMemory(Path.of("/")).require(machine.memoryBytes(), true);
        } else {
            requireWithin(BOUNDS.get(), machine.memoryBytes());
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
        requireWithin(bounds(), bytes);
        if (atOnce) {
            requireLeft(bytes);
        }
    }

    private List<Bound> bounds() {
        String info = read("proc/meminfo");
        List<Bound> bounds = new ArrayList<>();
        long all = Math.addExact(field(info, "MemTotal:"), field(info, "SwapTotal:"));
        if (all > 0) {
            bounds.add(new Bound(all, "above the " + (all >> 20) + " MiB of memory and swap that the host has"));
        }
        for (Group group : groups()) {
            bounds.add(new Bound(group.limit, "above the limit of " + (group.limit >> 20) + " MiB in " + group.limitFile()));
        }
        return List.copyOf(bounds);
    }

    private static void requireWithin(List<Bound> bounds, long bytes) throws ConfigException {
        for (Bound bound : bounds) {
            if (bytes > bound.bytes) {
                throw refusal(bytes, bound.why);
            }
        }
    }

    private void requireLeft(long bytes) throws ConfigException {
        String info = read("proc/meminfo");
        long swapFree = field(info, "SwapFree:");
        long available = field(info, "MemAvailable:") + swapFree;
        if (available > 0 && bytes > available) {
            throw refusal(bytes, "above the " + (available >> 20) + " MiB of memory and swap that the host has left" + AT_ONCE);
        }
        for (Group group : groups()) {
            Long used = number(group.usageFile());
            if (used != null) {
                long left = Math.max(0, group.limit - used + fileCache(group.path, group.isUnified)) + swapFree;
                if (bytes > left) {
                    throw refusal(bytes, "above the " + (left >> 20) + " MiB that are left of the limit of " + (group.limit >> 20) + " MiB in "
                            + group.limitFile() + AT_ONCE);
                }
            }
        }
    }

    /** The groups of this process that have a limit, from the innermost up. */
    private List<Group> groups() {
        List<Group> groups = new ArrayList<>();
        for (String line : read("proc/self/cgroup").split("\n")) {
            addGroups(line, groups);
        }
        return groups;
    }

    /** @param line {@code 0::/path} of version 2, {@code 4:memory:/path} of version 1, or another controller's */
    private void addGroups(String line, List<Group> groups) {
        String[] parts = line.split(":", 3);
        boolean isUnified = line.startsWith("0::");
        if (parts.length < 3 || !isUnified && !List.of(parts[1].split(",")).contains("memory")) {
            return;
        }
        Path top = root.resolve(isUnified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
        Path path = top.resolve(parts[2].substring(1)).normalize();
        while (path.startsWith(top)) {
            Long limit = number(new Group(path, isUnified, 0).limitFile());
            if (limit != null) {
                groups.add(new Group(path, isUnified, limit));
            }
            path = path.getParent();
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
