package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.KvmException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {

    private static final Doctor.KvmProbe WORKING = () -> new Doctor.KvmFacts(12, List.of());
    private static final int EACCES = 13;
    private static final int ENOENT = 2;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @TempDir
    private Path root;

    @BeforeEach
    void aHostWithHardwareVirtualization() throws IOException {
        Files.createDirectories(root.resolve("proc"));
        Files.createDirectories(root.resolve("dev/net"));
        Files.createFile(root.resolve("dev/kvm"));
        Files.createFile(root.resolve("dev/net/tun"));
        Files.writeString(root.resolve("proc/cpuinfo"), "processor\t: 0\nflags\t\t: fpu vmx sse\n\nprocessor\t: 1\n");
        Files.writeString(root.resolve("proc/meminfo"),
                "MemTotal: 1 kB\nHugePages_Total:       8\nHugePages_Free:        5\nHugepagesize:       2048 kB\n");
    }

    @Test
    void aGoodHostCanBoot() {
        assertTrue(examine(WORKING), this::report);
        assertTrue(report().contains("5 of 8 free, 2048 KiB each"), report());
        assertTrue(report().endsWith("stock Linux guests can boot here\n"), report());
        assertFalse(report().contains("FAIL"), report());
    }

    @Test
    void whatAShellNeedsIsLookedForAndItsAbsenceNamed() throws IOException {
        assertTrue(examine(WORKING), this::report);
        assertTrue(line("busybox").startsWith("note") && line("busybox").contains("busybox-static"), report());
        assertTrue(line("kernel").startsWith("note"), report());
        Path kernel = Files.write(Files.createDirectories(root.resolve("boot")).resolve("vmlinuz-6.1"), kernelOf("6.1"));
        out.reset();
        assertTrue(examine(WORKING), this::report);
        assertTrue(line("kernel").startsWith("ok") && line("kernel").contains(kernel.toString()), report());
        assertTrue(line("modules").startsWith("note"), report());
        Files.createDirectories(root.resolve("lib/modules/6.1"));
        out.reset();
        assertTrue(examine(WORKING), this::report);
        assertTrue(line("modules").startsWith("ok"), report());
    }

    @Test
    void programsAreLookedForWhereTheyAreTakenFrom() throws IOException {
        assertTrue(examine(WORKING), this::report);
        assertTrue(line("passt").startsWith("note") && line("passt").contains("apt install passt"), report());
        Path own = Files.createDirectories(root.resolve("home/bin"));
        byte[] elf = new byte[64];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2}, 0, elf, 0, 5);
        Files.write(own.resolve("busybox"), elf);
        assertTrue(Files.createFile(own.resolve("passt")).toFile().setExecutable(true));
        out.reset();
        assertTrue(examine(WORKING), this::report);
        for (String program : List.of("passt", "busybox")) {
            assertTrue(line(program).startsWith("ok"), report());
        }
        assertTrue(line("busybox").contains(own.toString()), "on the PATH, as vmm shell: " + report());
    }

    /** As far as its version. */
    private static byte[] kernelOf(String version) {
        byte[] image = new byte[4096];
        System.arraycopy("HdrS".getBytes(StandardCharsets.US_ASCII), 0, image, 0x202, 4);
        image[0x20f] = 4;
        System.arraycopy(version.getBytes(StandardCharsets.US_ASCII), 0, image, 0x600, version.length());
        return image;
    }

    @Test
    void whyThereCanBeNoStockGuestIsSaidWithoutAReport() throws IOException {
        assertEquals(List.of(), new Doctor(null, root, WORKING, null).failures());
        Files.writeString(root.resolve("proc/cpuinfo"), "flags\t\t: fpu sse\n");
        List<String> failures = new Doctor(null, root, WORKING, null).failures();
        assertEquals(1, failures.size());
        assertTrue(failures.get(0).startsWith("CPU /proc/cpuinfo shows neither vmx nor svm"), failures.get(0));
    }

    @Test
    void aKvmWithoutHardwareIsNamedForWhatItIs() throws IOException {
        Files.writeString(root.resolve("proc/cpuinfo"), "flags\t\t: fpu sse svml\n");
        assertFalse(examine(WORKING), this::report);
        assertTrue(line("CPU").startsWith("FAIL") && line("CPU").contains("instruction emulator"), report());
        assertTrue(line("/dev/kvm").startsWith("ok"), report());
    }

    @Test
    void missingCapabilitiesAreNamed() {
        assertFalse(examine(() -> new Doctor.KvmFacts(12, List.of("KVM_CAP_IRQFD", "KVM_CAP_IOEVENTFD"))));
        assertTrue(line("KVM capabilities").contains("KVM_CAP_IRQFD, KVM_CAP_IOEVENTFD"), report());
    }

    @Test
    void anotherApiVersionIsRefused() {
        assertFalse(examine(() -> new Doctor.KvmFacts(11, List.of())));
        assertTrue(line("KVM API").contains("version 11, needed is 12"), report());
    }

    @Test
    void aMissingDeviceSaysWhichModulesToLoad() throws IOException {
        Files.delete(root.resolve("dev/kvm"));
        assertFalse(examine(() -> {
            throw new KvmException("open(/dev/kvm)", ENOENT);
        }));
        assertTrue(line("/dev/kvm").contains("modprobe"), report());
    }

    @Test
    void aMissingDeviceSaysWhichModulesToLoadAlsoWhereTheProcessorHasToComeFirst() throws IOException {
        Files.delete(root.resolve("dev/kvm"));
        Files.writeString(root.resolve("proc/cpuinfo"), "flags\t\t: fpu sse\n");
        assertFalse(examine(() -> {
            throw new KvmException("open(/dev/kvm)", ENOENT);
        }));
        assertTrue(line("/dev/kvm").contains("modprobe") && line("/dev/kvm").contains("CPU"), report());
    }

    @Test
    void aForbiddenDeviceSaysWhatToDo() {
        assertFalse(examine(() -> {
            throw new KvmException("open(/dev/kvm)", EACCES, "add the user to the group kvm");
        }));
        assertTrue(line("/dev/kvm").startsWith("FAIL") && line("/dev/kvm").contains("group kvm"), report());
    }

    @Test
    void hugePagesAndTunAreOptional() throws IOException {
        Files.delete(root.resolve("dev/net/tun"));
        Files.writeString(root.resolve("proc/meminfo"), "HugePages_Total: 0\nHugePages_Free: 0\nHugepagesize: 2048 kB\n");
        assertTrue(examine(WORKING), this::report);
        assertTrue(line("/dev/net/tun").startsWith("note") && line("/dev/net/tun").contains("modprobe tun"), report());
        assertTrue(line("huge pages").startsWith("note") && line("huge pages").contains("vm.nr_hugepages"), report());
    }

    @Test
    void aClassArchiveThatWasMadeElsewhereIsNoneForOlderJavas() throws IOException {
        Path directory = Files.createDirectories(root.resolve("archive/Vendor-17"));
        String jsa = Files.createFile(directory.resolve("vmm.jsa")).toString();
        Path place = Files.writeString(directory.resolve("place"), directory.getParent().toRealPath() + "\n");
        assertTrue(java(jsa).startsWith("ok") && java(jsa).contains("with a class archive"), report());
        Files.writeString(place, "/where/it/was/made\n");
        assertTrue(java(jsa).startsWith("note") && java(jsa).contains("lib/archive/make"), report());
        assertTrue(java(directory.resolve("vmm.aot").toString()).startsWith("ok"), report());
        assertTrue(java(null).startsWith("note") && java(null).contains("without a class archive"), report());
    }

    /** What is said of Java with this archive. */
    private String java(String archive) {
        out.reset();
        try {
            if (archive != null) {
                System.setProperty("vmm.archive", archive);
            }
            examine(WORKING);
            return line("Java");
        } finally {
            System.clearProperty("vmm.archive");
        }
    }

    private boolean examine(Doctor.KvmProbe kvm) {
        return new Doctor(new PrintStream(out, true, StandardCharsets.UTF_8), root, kvm, root.resolve("home/bin").toString()).examine();
    }

    private String report() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String line(String subject) {
        return report().lines().filter(line -> line.substring(6).startsWith(subject + " ")).findFirst().orElse("");
    }
}
