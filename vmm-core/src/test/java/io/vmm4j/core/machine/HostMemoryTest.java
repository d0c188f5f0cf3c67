package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.core.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostMemoryTest {

    private static final long MIB = 1L << 20;

    @TempDir
    private Path root;

    @BeforeEach
    void aHostWith1000MibOfWhich300AreLeft() throws IOException {
        write("proc/meminfo", "MemTotal: 819200 kB\nMemFree: 1 kB\nMemAvailable: 256000 kB\nSwapTotal: 204800 kB\nSwapFree: 51200 kB\n");
    }

    private void write(String file, String text) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.writeString(root.resolve(file), text);
    }

    private void accepts(long mib, boolean atOnce) {
        assertDoesNotThrow(() -> new HostMemory(root).require(mib * MIB, atOnce));
    }

    private String refusal(long mib, boolean atOnce) {
        return assertThrows(ConfigException.class, () -> new HostMemory(root).require(mib * MIB, atOnce)).getMessage();
    }

    @Test
    void moreThanTheHostHasIsRefused() {
        accepts(1000, false);
        assertEquals("memory size 1001 MiB is above the 1000 MiB of memory and swap that the host has (machine-config.mem_size_mib)",
                refusal(1001, false));
    }

    @Test
    void whatIsToComeInAtOnceMustBeLeft() {
        accepts(300, true);
        assertEquals("memory size 301 MiB is above the 300 MiB of memory and swap that the host has left, and all of it is to be"
                + " brought in before the guest starts (machine-config.mem_size_mib)", refusal(301, true));
    }

    @Test
    void theLimitOfAnyControlGroupAboveCounts() throws IOException {
        write("proc/self/cgroup", "0::/outer/inner\n");
        write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
        write("sys/fs/cgroup/outer/memory.max", "134217728\n");
        accepts(128, false);
        assertEquals("memory size 129 MiB is above the limit of 128 MiB in " + root.resolve("sys/fs/cgroup/outer/memory.max")
                + " (machine-config.mem_size_mib)", refusal(129, false));
    }

    @Test
    void theLimitOfAContainersOwnGroupCountsWhereItsPathIsNotToBeSeen() throws IOException {
        write("proc/self/cgroup", "0::/not/mounted/here\n");
        write("sys/fs/cgroup/memory.max", "67108864\n");
        accepts(64, false);
        refusal(65, false);
    }

    @Test
    void theFirstVersionOfControlGroupsCountsToo() throws IOException {
        write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/x\n0::/\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "67108864\n");
        accepts(64, false);
        refusal(65, false);
    }

    @Test
    void aHostThatTellsNothingIsNotHeldAgainstTheGuest() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        accepts(1 << 20, true);
    }
}
