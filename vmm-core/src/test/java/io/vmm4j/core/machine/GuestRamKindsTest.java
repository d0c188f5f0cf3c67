package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.layout.AddressMap;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guest RAM of each kind, on this host. */
class GuestRamKindsTest {

    /** Resident from the start, of each guest of more than a MiB. */
    private static final long BOOT_KIB = AddressMap.BOOT_PAGES.stream().mapToLong(AddressMap.RamRegion::length).sum() >> 10;
    private static final long MIB = 1L << 20;

    @TempDir
    private Path directory;

    private static MachineConfig machine(String type, Path file, long mib, boolean prefault, boolean dump) {
        return new MachineConfig(null, null, mib, null, null, null, null, type, file == null ? null : file.toString(), null, null,
                prefault, dump);
    }

    private static String refusal(MachineConfig machine) {
        return assertThrows(ConfigException.class, () -> GuestRam.allocate(machine).close()).getMessage();
    }

    /**
     * The RAM of this size in /proc/self/smaps, its first 2 MiB last where they are by themselves: small pages do for them, and the kernel
     * keeps them apart from the rest then.
     */
    private static List<String> smaps(long mib) throws Exception {
        List<String> all = List.of(Files.readString(Path.of("/proc/self/smaps")).split("(?m)(?=^[0-9a-f]+-[0-9a-f]+ )"));
        for (int i = 0; i < all.size(); i++) {
            if (isOfSize(all.get(i), mib)) {
                return List.of(all.get(i));
            }
            if (i > 0 && isOfSize(all.get(i), mib - 2) && isOfSize(all.get(i - 1), 2)) {
                return List.of(all.get(i), all.get(i - 1));
            }
        }
        return List.of();
    }

    private static boolean isOfSize(String entry, long mib) {
        return entry.matches("(?s).*\\nSize: +" + mib * 1024 + " kB\\n.*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"shmem", "anon", "hugeshmem", "hugeanon"})
    void ramOfEachKindKeepsWhatIsWrittenAndStaysOutOfChildrenAndCoreDumps(String type) throws Exception {
        try (GuestRam ram = GuestRam.allocate(machine(type, null, 37, false, false))) {
            ram.memory().writeU64(37 * MIB - 8, 0x1122334455667788L);
            assertEquals(0x1122334455667788L, ram.memory().readU64(37 * MIB - 8));
            assertEquals(0, ram.memory().readU64(0));
            String flags = smaps(37).get(0).replaceAll("(?s).*VmFlags:([^\n]*).*", "$1");
            assertTrue(flags.contains(" dc") && flags.contains(" dd"), flags);
            boolean isHuge = type.startsWith("huge")
                    || type.equals("shmem") && TransparentHugePages.areForPrivateMemoryOnly();
            assertEquals(isHuge, flags.contains(" hg"), flags);
        }
    }

    @Test
    void theTablesOfASmallGuestTakeSmallPages() throws Exception {
        try (GuestRam ram = GuestRam.allocate(machine("hugeanon", null, 47, false, false))) {
            ram.memory().writeU8(0x7000, 1);
            ram.memory().writeU8(MIB, 1);
            assertEquals(BOOT_KIB, residentKib(47), "written pages are among those of every machine's");
        }
    }

    @Test
    void plainMemoryIsNotOnSmallPagesOnlyBecauseItIsShared() throws Exception {
        try (GuestRam ram = GuestRam.allocate(machine("shmem", null, 37, false, false))) {
            ram.memory().writeU64(0, 1);
            assertEquals(!TransparentHugePages.areForPrivateMemoryOnly(), smaps(37).get(0).contains("memfd:"),
                    "a memfd, unless the host has huge pages for private memory only");
        }
    }

    @Test
    void ramIsPartOfACoreDumpWhenAskedFor() throws Exception {
        try (GuestRam ram = GuestRam.allocate(machine("shmem", null, 39, false, true))) {
            assertFalse(smaps(39).get(0).replaceAll("(?s).*VmFlags:([^\n]*).*", "$1").contains(" dd"));
            assertEquals(0, ram.memory().readU8(0));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shmem", "anon"})
    void ramIsBroughtInAtOnceWhenAskedFor(String type) throws Exception {
        // One after the other: the kernel shows neighbours of the same kind as one.
        try (GuestRam lazy = GuestRam.allocate(machine(type, null, 41, false, false))) {
            assertEquals(BOOT_KIB, residentKib(41), "pages that every machine's tables are on, and no others");
            assertEquals(0, lazy.memory().readU8(0));
        }
        try (GuestRam there = GuestRam.allocate(machine(type, null, 43, true, false))) {
            assertEquals(43 * 1024, residentKib(43));
            assertEquals(0, there.memory().readU8(0));
        }
    }

    private static long residentKib(long mib) throws Exception {
        return smaps(mib).stream().mapToLong(entry -> Long.parseLong(entry.replaceAll("(?s).*\\nRss: +(\\d+) kB.*", "$1"))).sum();
    }

    @Test
    void aFileBehindRamHasNoNameAndAllItsBlocks() throws Exception {
        Path shm = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(shm), "/dev/shm cannot be written to");
        long before = Files.getFileStore(shm).getUsableSpace();
        try (GuestRam ram = GuestRam.allocate(machine("shmem", shm, 32, false, false))) {
            ram.memory().writeU8(0, 7);
            assertTrue(before - Files.getFileStore(shm).getUsableSpace() >= 32 * MIB, "blocks are allocated at the start");
        }
    }

    @Test
    void pagesOfPrivateAndSharedMemoryGoBackAndReadAsZero() throws Exception {
        for (String type : List.of("shmem", "anon")) {
            try (GuestRam ram = GuestRam.allocate(machine(type, null, 4, false, false))) {
                ram.memory().writeU32(MIB, 0x12345678);
                ByteBuffer page = ram.memory().slices(MIB, 4096).get(0);
                ram.discard(page);
                assertEquals(0, ram.memory().readU32(MIB), type);
            }
        }
    }

    @Test
    void pagesThatMightNotBeHadAgainStay() throws Exception {
        Path shm = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(shm), "/dev/shm cannot be written to");
        try (GuestRam ram = GuestRam.allocate(machine("shmem", shm, 4, false, false))) {
            ram.memory().writeU32(MIB, 0x12345678);
            ram.discard(ram.memory().slices(MIB, 4096).get(0));
            assertEquals(0x12345678, ram.memory().readU32(MIB));
        }
    }

    @Test
    void aFileSystemThatIsTooFullIsNamedWithWhatItHas() throws Exception {
        assumeTrue(mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", directory.toString()), "file systems cannot be mounted here");
        try {
            Files.write(directory.resolve("other"), new byte[(int) (3 * MIB)]);
            assertEquals("memory size 6 MiB is more than there is: " + directory + " has 5 MiB free (machine-config.mem_size_mib)",
                    refusal(machine("shmem", directory, 6, false, false)));
            assertEquals(5 * MIB, Files.getFileStore(directory).getUsableSpace(), "what was allocated is given back");
        } finally {
            new ProcessBuilder("umount", directory.toString()).start().waitFor();
        }
    }

    @Test
    void aHugetlbfsThatIsTooSmallIsNamedWithWhatItHasWhateverThePoolHas() throws Exception {
        assumeTrue(mount("-t", "hugetlbfs", "-o", "size=4m", "hugetlbfs", directory.toString()), "a hugetlbfs cannot be mounted here");
        try {
            assumeTrue(Files.getFileStore(directory).getBlockSize() == 2 * MIB, "huge pages of another size");
            assertEquals("memory size 8 MiB is more than there is: " + directory + " has 4 MiB free (machine-config.mem_size_mib)",
                    refusal(machine("hugetlbfs", directory, 8, false, false)));
        } finally {
            new ProcessBuilder("umount", directory.toString()).start().waitFor();
        }
    }

    private static boolean mount(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("mount"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
    }

    @Test
    void tooFewHugePagesAreNamedWithTheNumberThatIsNeeded() {
        assumeTrue(Files.isDirectory(Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB")), "no pool of huge pages on this host");
        String message = refusal(machine("hugetlbfs", null, 1 << 20, false, false));
        assertTrue(message.contains("524288 huge pages of 2 MiB are needed and") && message.contains("nr_hugepages sets more aside"), message);
    }

    @Test
    void sizesThatAreNotWholeHugePagesAreRefused() {
        assertEquals("memory size 3 MiB is not a multiple of the huge pages of 2 MiB (machine-config.mem_size_mib)",
                refusal(machine("hugetlbfs", null, 3, false, false)));
    }

    @Test
    void aMemoryFileMustBeADirectoryOfTheRightKind() throws Exception {
        String message = refusal(machine("hugetlbfs", directory, 4, false, false));
        assertTrue(message.contains("needs a hugetlbfs (machine-config.mem_file_path)"), message);
        Path file = Files.createFile(directory.resolve("file"));
        assertTrue(refusal(machine("shmem", file, 4, false, false)).contains("is not a directory"));
        assertTrue(refusal(machine("shmem", directory.resolve("none"), 4, false, false)).contains("is not a directory"));
    }
}
