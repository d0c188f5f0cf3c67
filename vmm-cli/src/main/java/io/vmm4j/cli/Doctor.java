package io.vmm4j.cli;

import io.vmm4j.core.host.Passt;
import io.vmm4j.core.image.Busybox;
import io.vmm4j.core.image.HostKernel;
import io.vmm4j.core.rootfs.Tools;
import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmCapabilities;
import io.vmm4j.kvm.KvmException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code vmm doctor}: looks at the host and says, item by item, that it is well or what to do about it. */
final class Doctor {

    private static final Pattern HARDWARE_FLAG = Pattern.compile("^flags\\s*:.*\\b(vmx|svm)\\b", Pattern.MULTILINE);
    private static final int OLDEST_JAVA = 17;
    /** Set by the launcher to the archive it has given to Java. */
    private static final String ARCHIVE_PROPERTY = "vmm.archive";

    /** How a finding bears on booting a stock Linux guest. */
    private enum Verdict {
        /** Nothing to do. */
        OK("ok"),
        /** Something optional is missing. */
        NOTE("note"),
        /** A stock guest cannot boot. */
        FAIL("FAIL");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }
    }

    private record Finding(Verdict verdict, String subject, String text) {
    }

    /**
     * What KVM says about itself.
     *
     * @param apiVersion KVM_GET_API_VERSION
     * @param missing    names of required capabilities it lacks
     */
    record KvmFacts(int apiVersion, List<String> missing) {
    }

    /** Asks KVM. */
    interface KvmProbe {
        KvmFacts probe() throws KvmException;
    }

    private final PrintStream out;
    private final Path root;
    private final KvmProbe kvm;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param out  gets a line a finding
     * @param root where the host's files are: {@code /}, or a copy
     * @param kvm  asks the host's KVM
     */
    Doctor(PrintStream out, Path root, KvmProbe kvm) {
        this.out = out;
        this.root = root;
        this.kvm = kvm;
    }

    static Doctor ofThisHost(PrintStream out) {
        return new Doctor(out, Path.of("/"), Doctor::probeKvm);
    }

    private static KvmFacts probeKvm() throws KvmException {
        try (Kvm kvm = Kvm.open()) {
            return new KvmFacts(kvm.apiVersion(), KvmCapabilities.missing(kvm));
        }
    }

    /** Why no stock Linux guest can boot on this host, as {@link #examine} has it: a line each, none when one can. */
    static List<String> whyNoStockLinux() {
        return new Doctor(null, Path.of("/"), Doctor::probeKvm).failures();
    }

    /** What keeps stock Linux from booting, a line each. Prints nothing. */
    List<String> failures() {
        examineKvm(hasHardware());
        return findings.stream().filter(finding -> finding.verdict() == Verdict.FAIL).map(finding -> finding.subject() + " " + finding.text()).toList();
    }

    private boolean hasHardware() {
        return HARDWARE_FLAG.matcher(read("proc/cpuinfo")).find();
    }

    /** Prints what was found; true when a stock Linux guest can boot here. */
    boolean examine() {
        examineKvm(hasHardware());
        examineHugePages();
        examineTun();
        examinePasst();
        examineE2fsprogs();
        examineJava();
        examineShell();
        int width = findings.stream().mapToInt(finding -> finding.subject().length()).max().orElse(0);
        for (Finding finding : findings) {
            out.printf("%-4s  %-" + width + "s  %s%n", finding.verdict().word, finding.subject(), finding.text());
        }
        boolean canBoot = findings.stream().noneMatch(finding -> finding.verdict() == Verdict.FAIL);
        out.println(canBoot ? "stock Linux guests can boot here" : "stock Linux guests cannot boot here");
        return canBoot;
    }

    private void examineKvm(boolean hasHardware) {
        boolean isOpen = examineDevice(hasHardware);
        if (hasHardware) {
            ok("CPU", "has hardware virtualization (vmx or svm)");
        } else if (isOpen) {
            fail("CPU", "/proc/cpuinfo shows neither vmx nor svm: this KVM runs guest code through its instruction"
                    + " emulator, which is too slow and incomplete for stock Linux (tiny guests run);"
                    + " use a host with hardware or nested virtualization");
        } else {
            fail("CPU", "/proc/cpuinfo shows neither vmx nor svm: turn virtualization on in the firmware, or, when this"
                    + " is a virtual machine, nested virtualization on its host");
        }
    }

    private boolean examineDevice(boolean hasHardware) {
        try {
            KvmFacts facts = kvm.probe();
            ok("/dev/kvm", "opens");
            if (facts.apiVersion() == Kvm.API_VERSION) {
                ok("KVM API", "version " + facts.apiVersion());
            } else {
                fail("KVM API", "version " + facts.apiVersion() + ", needed is " + Kvm.API_VERSION);
            }
            if (facts.missing().isEmpty()) {
                ok("KVM capabilities", "all that are needed");
            } else {
                fail("KVM capabilities", "missing " + String.join(", ", facts.missing()) + ": use a newer kernel");
            }
            return true;
        } catch (KvmException e) {
            boolean isMissing = !Files.exists(root.resolve("dev/kvm"));
            fail("/dev/kvm", isMissing && hasHardware ? "is missing: modprobe kvm_intel or kvm_amd"
                    : isMissing ? "is missing: once the CPU has what is said below, modprobe kvm_intel or kvm_amd" : e.getMessage());
            return false;
        }
    }

    private void examineHugePages() {
        String memory = read("proc/meminfo");
        OptionalLong total = number(memory, "HugePages_Total");
        OptionalLong free = number(memory, "HugePages_Free");
        OptionalLong sizeKib = number(memory, "Hugepagesize");
        if (total.isEmpty() || free.isEmpty() || sizeKib.isEmpty()) {
            note("huge pages", "this kernel has none; only --mem-type hugetlbfs needs them");
        } else if (total.getAsLong() == 0) {
            note("huge pages", "none reserved; only --mem-type hugetlbfs needs them: sysctl vm.nr_hugepages=N reserves N"
                    + " of " + sizeKib.getAsLong() + " KiB");
        } else {
            ok("huge pages", free.getAsLong() + " of " + total.getAsLong() + " free, " + sizeKib.getAsLong()
                    + " KiB each");
        }
    }

    private void examineTun() {
        Path tun = root.resolve("dev/net/tun");
        if (!Files.exists(tun)) {
            note("/dev/net/tun", "is missing; only guest networking needs it: modprobe tun");
        } else if (!Files.isReadable(tun) || !Files.isWritable(tun)) {
            note("/dev/net/tun", "is not permitted; only guest networking needs it: chmod 666 /dev/net/tun");
        } else {
            ok("/dev/net/tun", "is permitted");
        }
    }

    private void examinePasst() {
        Passt.find().ifPresentOrElse(program -> ok("passt", "is " + program),
                () -> note("passt", "is not on the PATH; only --net user needs it: apt install passt"));
    }

    private void examineE2fsprogs() {
        for (String program : List.of(Tools.MKE2FS, Tools.DEBUGFS)) {
            Tools.find(program).ifPresentOrElse(path -> ok(program, "is " + path),
                    () -> note(program, "is missing; only --rootfs with a directory or an archive needs it: " + Tools.HINT));
        }
    }

    /** What {@code vmm shell} takes from the host. */
    private void examineShell() {
        Optional<Path> busybox = Busybox.find(root, null);
        if (busybox.isPresent()) {
            ok("busybox", "is at " + busybox.get());
        } else {
            note("busybox", "is missing, or needs libraries; only vmm shell needs it: " + Busybox.HINT);
        }
        try {
            Optional<Path> image = HostKernel.newestIn(root.resolve("boot"));
            if (image.isEmpty()) {
                note("kernel", "none in /boot; only vmm shell without KERNEL looks there");
                return;
            }
            HostKernel kernel = HostKernel.of(image.get());
            ok("kernel", image.get() + ", the newest in /boot");
            kernel.modules(root).ifPresentOrElse(directory -> ok("modules", "are in " + directory),
                    () -> note("modules", "of that kernel are missing; only vmm shell needs them: install them with the kernel"));
        } catch (IOException e) {
            note("kernel", "the newest in /boot cannot be read, as vmm shell without KERNEL does: " + e.getMessage());
        }
    }

    private void examineJava() {
        Runtime.Version version = Runtime.version();
        String text = version + " (" + System.getProperty("java.vendor") + ")";
        if (version.feature() < OLDEST_JAVA) {
            fail("Java", text + ": " + OLDEST_JAVA + " or later is needed");
        } else if (System.getProperty(ARCHIVE_PROPERTY) == null) {
            note("Java", text + ", without a class archive: lib/archive/make creates one, and vmm starts faster");
        } else if (isOfAnotherPlace(Path.of(System.getProperty(ARCHIVE_PROPERTY)))) {
            note("Java", text + ", with a class archive that was made elsewhere and may not be used: lib/archive/make creates one here, and vmm starts"
                    + " faster");
        } else {
            ok("Java", text + ", with a class archive");
        }
    }

    /** Java 17 does not use an archive beside a copy of what it was made from; the newer form of archives may be copied along. */
    private static boolean isOfAnotherPlace(Path archive) {
        if (!archive.toString().endsWith(".jsa")) {
            return false;
        }
        try {
            Path directory = archive.toRealPath().getParent();
            return !Files.readString(directory.resolve("place")).strip().equals(directory.getParent().toString());
        } catch (IOException e) {
            return true;
        }
    }

    private static OptionalLong number(String text, String key) {
        Matcher line = Pattern.compile("^" + key + ":\\s*(\\d+)", Pattern.MULTILINE).matcher(text);
        return line.find() ? OptionalLong.of(Long.parseLong(line.group(1))) : OptionalLong.empty();
    }

    /** A file of /proc; what cannot be read says nothing. */
    private String read(String file) {
        try {
            return Files.readString(root.resolve(file));
        } catch (IOException e) {
            return "";
        }
    }

    private void ok(String subject, String text) {
        findings.add(new Finding(Verdict.OK, subject, text));
    }

    private void note(String subject, String text) {
        findings.add(new Finding(Verdict.NOTE, subject, text));
    }

    private void fail(String subject, String text) {
        findings.add(new Finding(Verdict.FAIL, subject, text));
    }
}
