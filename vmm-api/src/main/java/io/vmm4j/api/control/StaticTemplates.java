package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** On which CPUs Firecracker applies its static CPU templates. */
final class StaticTemplates {

    private static final String INTEL = "GenuineIntel";
    private static final String AMD = "AuthenticAMD";
    private static final List<Integer> SKYLAKE = List.of(6, 0x55, 4);
    private static final List<Integer> CASCADE_LAKE = List.of(6, 0x55, 7);
    private static final List<Integer> ICE_LAKE = List.of(6, 0x6A, 6);
    private static final List<Integer> MILAN = List.of(0x19, 1, 1);
    /** Family, model and stepping as /proc/cpuinfo has them. */
    private static final Map<String, List<List<Integer>>> MODELS = Map.of("C3", List.of(SKYLAKE, CASCADE_LAKE, ICE_LAKE),
            "T2", List.of(SKYLAKE, CASCADE_LAKE, ICE_LAKE), "T2S", List.of(SKYLAKE, CASCADE_LAKE), "T2CL", List.of(CASCADE_LAKE, ICE_LAKE),
            "T2A", List.of(MILAN));

    private StaticTemplates() {
    }

    /**
     * Looks whether {@code template} goes with this host's CPU.
     *
     * @param cpuInfo /proc/cpuinfo
     * @throws ApiException when it does not, or when it does: the templates themselves are not there
     */
    static void require(String template, Path cpuInfo) throws ApiException {
        String info;
        try {
            info = Files.readString(cpuInfo);
        } catch (IOException e) {
            throw refused("the host's CPU is not known: " + e.getMessage());
        }
        if (!field(info, "vendor_id").equals(template.equals("T2A") ? AMD : INTEL)) {
            throw refused("CPU vendor mismatched between actual CPU and CPU template.");
        }
        if (!MODELS.get(template).contains(List.of(number(info, "cpu family"), number(info, "model"), number(info, "stepping")))) {
            throw refused("The current CPU model is not permitted to apply the CPU template.");
        }
        throw refused("template " + template + " is not there: give its changes as /cpu-config.");
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
