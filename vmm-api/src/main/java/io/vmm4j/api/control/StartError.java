package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.CpuTemplates;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why a machine could not be started, in Firecracker's words where it has some for it. */
final class StartError {

    private static final String MEMORY = "machine-config.mem_size_mib";
    /** Of several problems Firecracker meets the one first that stands first here. */
    private static final String[] ORDER = {MEMORY, "machine-config", "cpu-config.kvm_capabilities", "serial",
            "boot-source.kernel_image_path", "boot-source.initrd_path", "boot-source.boot_args", "balloon", "drives",
            "network-interfaces", "vsock", "entropy", "cpu-config"};
    private static final String KERNEL = "System configuration error: Cannot load kernel due to invalid memory configuration or invalid "
            + "kernel image: ";
    private static final Pattern LEAF = Pattern.compile(".*CPUID leaf 0x(\\p{XDigit}+), subleaf 0x(\\p{XDigit}+).*");
    private static final Pattern MSR = Pattern.compile(".*MSR 0x(\\p{XDigit}+).*");
    private static final Pattern DEVICES = Pattern.compile("(\\d{1,9}) virtio devices .* are above the limit of .*");
    private static final int INTERRUPTS = 19;
    private static final Pattern CAPABILITY = Pattern.compile(".*does not have capability (\\d{1,9}) .*");

    private StartError() {
    }

    static ApiException of(ConfigException e) {
        ConfigProblem first = e.problems().get(0);
        int best = ORDER.length;
        for (ConfigProblem problem : e.problems()) {
            int rank = rank(problem.key());
            if (rank < best) {
                best = rank;
                first = problem;
            }
        }
        return refused(words(first), e);
    }

    private static int rank(String key) {
        for (int i = 0; i < ORDER.length; i++) {
            if (key.startsWith(ORDER[i])) {
                return i;
            }
        }
        return ORDER.length;
    }

    private static String words(ConfigProblem problem) {
        String key = problem.key();
        String message = problem.message();
        // Also where there are too few of the pages asked for.
        if (key.equals(MEMORY) || key.equals("machine-config.mem_type")) {
            return "Invalid Memory Configuration: Cannot create mmap region: Out of memory (os error 12)";
        }
        if (key.equals("boot-source.kernel_image_path")) {
            return KERNEL + (message.contains("needs RAM up to")
                    ? "Kernel Loader: failed to load ELF kernel image: Kernel Loader: Unable to read kernel image" : message);
        }
        if (key.equals("boot-source.initrd_path")) {
            return "Error with initrd initialization: " + (message.contains("is too large: ") ? "Failed to compute the initrd address." : message) + ".";
        }
        if (key.equals("boot-source.boot_args")) {
            boolean isTooLong = message.contains("more than the kernel's limit");
            return "Invalid kernel command line: " + (isTooLong ? "Inserting string would make command line too long." : message);
        }
        if (key.startsWith("cpu-config") || key.equals(CpuTemplates.KEY)) {
            return cpu(message);
        }
        Matcher devices = DEVICES.matcher(message);
        if (devices.matches()) {
            return "Could not attach device: " + withoutInterrupt(Integer.parseInt(devices.group(1)))
                    + ": The requested resource is not available.";
        }
        return message + " (" + key + ")";
    }

    /** Which of Firecracker's devices finds no interrupt of 19 for it: its own last ones have theirs after the virtio devices. */
    private static String withoutInterrupt(int virtioDevices) {
        if (virtioDevices > INTERRUPTS) {
            return "MMIO transport error: Failed to allocate requested resource";
        }
        return "Error while registering ACPI with KVM: " + (virtioDevices == INTERRUPTS ? "VMGenID" : "VMClock") + ": Could not allocate GSI";
    }

    private static String cpu(String message) {
        Matcher capability = CAPABILITY.matcher(message);
        if (capability.matches()) {
            return "Kvm error: Missing KVM capabilities: 0x" + Integer.toHexString(Integer.parseInt(capability.group(1)));
        }
        Matcher leaf = LEAF.matcher(message);
        if (leaf.matches()) {
            return "Failed to create guest config: Template changes a CPUID entry not supported by KVM: Leaf: " + leaf.group(1)
                    + ", Subleaf: " + leaf.group(2);
        }
        Matcher msr = MSR.matcher(message);
        return "Failed to create guest config: " + (msr.matches()
                ? "Template changes an MSR entry not supported by KVM: Register Address: " + msr.group(1) : message);
    }

    static ApiException of(IOException e) {
        if (e instanceof LinuxException refusal && refusal.call().contains("/dev/kvm")) {
            return refused("Kvm error: Error creating KVM object: " + OsError.text(e)
                    + " Make sure the user launching the firecracker process is configured on the /dev/kvm file's ACL.", e);
        }
        return refused("Kvm error: " + e.getMessage(), e);
    }

    static ApiException refused(String why, Throwable cause) {
        return new ApiException("Start microvm error: " + why, cause);
    }
}
