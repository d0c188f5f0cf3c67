package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;

/** Why a machine could not be started, in Firecracker's words where it has some for it. */
final class StartError {

    private static final String MEMORY = "machine-config.mem_size_mib";
    /** Of several problems Firecracker meets the one first that stands first here. */
    private static final String[] ORDER = {MEMORY, "machine-config", "cpu-config", "serial", "boot-source.kernel_image_path",
            "boot-source.initrd_path", "boot-source.boot_args", "balloon", "drives", "network-interfaces", "vsock", "entropy"};

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
        if (key.equals(MEMORY)) {
            return "Invalid Memory Configuration: Cannot create mmap region: Out of memory (os error 12)";
        }
        if (key.equals("boot-source.kernel_image_path")) {
            return "System configuration error: Cannot load kernel due to invalid memory configuration or invalid kernel image: " + message;
        }
        if (key.equals("boot-source.initrd_path")) {
            return "Error with initrd initialization: " + message + ".";
        }
        if (key.equals("boot-source.boot_args")) {
            boolean isTooLong = message.contains("more than the kernel's limit");
            return "Invalid kernel command line: " + (isTooLong ? "Inserting string would make command line too long." : message);
        }
        if (key.startsWith("cpu-config")) {
            return "Failed to create guest config: " + message;
        }
        if (message.contains("are above the limit of")) {
            return "Could not attach device: Could not allocate GSI: The requested resource is not available.: " + message;
        }
        return message + " (" + key + ")";
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
