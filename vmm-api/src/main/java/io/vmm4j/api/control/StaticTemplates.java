package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.core.config.CpuTemplates;
import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether Firecracker's static CPU templates go with a host's CPU, in Firecracker's words. */
final class StaticTemplates {

    /** The largest family that CPUID has in one field; the rest of a larger one is in another. */
    private static final int FAMILY_MAX = 0xF;

    private StaticTemplates() {
    }

    /**
     * Looks whether {@code template} goes with this host's CPU.
     *
     * @param cpuInfo /proc/cpuinfo
     * @throws ApiException when it does not
     */
    static void require(String template, Path cpuInfo) throws ApiException {
        CpuTemplate known = CpuTemplate.valueOf(template);
        String info;
        try {
            info = Files.readString(cpuInfo);
        } catch (IOException e) {
            throw refused("the host's CPU is not known: " + e.getMessage());
        }
        if (!CpuTemplates.isVendorOf(known, field(info, "vendor_id"))) {
            throw refused("CPU vendor mismatched between actual CPU and CPU template.");
        }
        if (!CpuTemplates.isFor(known, signature(number(info, "cpu family"), number(info, "model"), number(info, "stepping")))) {
            throw refused("The current CPU model is not permitted to apply the CPU template.");
        }
    }

    /** As CPUID leaf 1 has it in EAX. */
    private static int signature(int family, int model, int stepping) {
        int low = Math.min(family, FAMILY_MAX);
        return family - low << 20 | model >> 4 << 16 | low << 8 | (model & 0xF) << 4 | stepping;
    }

    private static ApiException refused(String why) {
        return new ApiException("Start microvm error: Failed to get CPU template: " + why);
    }

    private static int number(String info, String name) {
        String text = field(info, name);
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : -1;
    }

    private static String field(String info, String name) {
        for (String line : info.split("\n")) {
            int colon = line.indexOf(':');
            if (colon >= 0 && line.substring(0, colon).strip().equals(name)) {
                return line.substring(colon + 1).strip();
            }
        }
        return "";
    }
}
