package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much memory the host has, and may give to this process. */
final class HostMemory {

    private static final Logger LOG = LoggerFactory.getLogger(HostMemory.class);
    private static final String SIZE_KEY = "machine-config.mem_size_mib";
    private static final String NEVER_OVERCOMMIT = "2";

    private final Path root;

    /** @param root where /proc and /sys are; {@code /} but in tests */
    HostMemory(Path root) {
        this.root = root;
    }

    /** Whether the host promises no more memory than it has, so that shared memory can run out under a mapping. */
    static boolean isCommitCounted() {
        return NEVER_OVERCOMMIT.equals(new HostMemory(Path.of("/")).read("proc/sys/vm/overcommit_memory"));
    }

    /** Refuses guest RAM that the host or a control group's limit can never hold. */
    static void check(MachineConfig machine) throws ConfigException {
        new HostMemory(Path.of("/")).require(machine.memoryBytes(), machine.memPrefault());
    }

    void require(long bytes, boolean atOnce) throws ConfigException {
        String info = read("proc/meminfo");
        long all = Math.addExact(field(info, "MemTotal:"), field(info, "SwapTotal:"));
        if (all > 0 && bytes > all) {
            throw refusal(bytes, "above the " + (all >> 20) + " MiB of memory and swap that the host has");
        }
        long available = field(info, "MemAvailable:") + field(info, "SwapFree:");
        if (atOnce && available > 0 && bytes > available) {
            throw refusal(bytes, "above the " + (available >> 20) + " MiB of memory and swap that the host has left, and all of it is"
                    + " to be brought in before the guest starts");
        }
        for (String line : read("proc/self/cgroup").split("\n")) {
            requireWithinGroup(line, bytes);
        }
    }

    /** @param line {@code 0::/path} of version 2, {@code 4:memory:/path} of version 1, or another controller's */
    private void requireWithinGroup(String line, long bytes) throws ConfigException {
        String[] parts = line.split(":", 3);
        boolean isUnified = line.startsWith("0::");
        if (parts.length < 3 || !isUnified && !List.of(parts[1].split(",")).contains("memory")) {
            return;
        }
        Path top = root.resolve(isUnified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
        String file = isUnified ? "memory.max" : "memory.limit_in_bytes";
        Path group = top.resolve(parts[2].substring(1)).normalize();
        while (group.startsWith(top)) {
            Long limit = limitOf(group.resolve(file));
            if (limit != null && bytes > limit) {
                throw refusal(bytes, "above the limit of " + (limit >> 20) + " MiB in " + group.resolve(file));
            }
            group = group.getParent();
        }
    }

    /** The limit in bytes, or {@code null} when the file is not there or says that there is none. */
    private Long limitOf(Path file) {
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
