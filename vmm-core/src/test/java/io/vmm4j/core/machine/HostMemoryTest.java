package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
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
    void whatIsToComeInAtOnceMustBeLeftOfAControlGroupsLimitToo() throws IOException {
        write("proc/meminfo", "MemTotal: 819200 kB\nMemAvailable: 512000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
        write("proc/self/cgroup", "0::/x\n");
        write("sys/fs/cgroup/x/memory.max", String.valueOf(300 * MIB));
        write("sys/fs/cgroup/x/memory.current", String.valueOf(100 * MIB));
        write("sys/fs/cgroup/x/memory.stat", "anon " + 70 * MIB + "\ninactive_file " + 20 * MIB + "\nactive_file " + 10 * MIB + "\n");
        accepts(300, false);
        accepts(230, true);
        assertEquals("memory size 231 MiB is above the 230 MiB that are left of the limit of 300 MiB in "
                + root.resolve("sys/fs/cgroup/x/memory.max") + ", and all of it is to be brought in before the guest starts"
                + " (machine-config.mem_size_mib)", refusal(231, true));
        write("proc/self/cgroup", "4:memory:/y\n");
        write("sys/fs/cgroup/memory/y/memory.limit_in_bytes", String.valueOf(300 * MIB));
        write("sys/fs/cgroup/memory/y/memory.usage_in_bytes", String.valueOf(100 * MIB));
        write("sys/fs/cgroup/memory/y/memory.stat", "inactive_file 0\ntotal_inactive_file " + 20 * MIB + "\ntotal_active_file " + 10 * MIB + "\n");
        accepts(230, true);
        refusal(231, true);
    }

    @Test
    void hugePagesThatWereSetAsideAreNotHeldAgainstTheHostsMemory() {
        assertThrows(ConfigException.class, () -> HostMemory.check(asMuchAsCanBe("shmem")));
        assertDoesNotThrow(() -> HostMemory.check(asMuchAsCanBe("hugetlbfs")));
    }

    private static MachineConfig asMuchAsCanBe(String type) {
        return new MachineConfig(1, null, MachineConfig.MAX_MEM_SIZE_MIB, null, null, null, null, type, null, null, null, true, null);
    }

    @Test
    void aHostThatTellsNothingIsNotHeldAgainstTheGuest() throws IOException {
        Files.delete(root.resolve("proc/meminfo"));
        accepts(1 << 20, true);
    }
}
