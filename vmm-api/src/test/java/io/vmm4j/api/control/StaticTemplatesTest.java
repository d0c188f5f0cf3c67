package io.vmm4j.api.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.api.request.ApiException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StaticTemplatesTest {

    private static final String VENDOR = "CPU vendor mismatched between actual CPU and CPU template.";
    private static final String MODEL = "The current CPU model is not permitted to apply the CPU template.";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "T2A,  AuthenticAMD, 25,  1, 1, ",
        "T2A,  AuthenticAMD, 23, 49, 0, MODEL",
        "T2A,  GenuineIntel,  6, 85, 7, VENDOR",
        "T2,   AuthenticAMD, 25,  1, 1, VENDOR",
        "T2,   GenuineIntel,  6, 85, 4, ",
        "C3,   GenuineIntel,  6, 106, 6, ",
        "T2S,  GenuineIntel,  6, 85, 7, ",
        "T2S,  GenuineIntel,  6, 106, 6, MODEL",
        "T2CL, GenuineIntel,  6, 106, 6, ",
        "T2CL, GenuineIntel,  6, 85, 4, MODEL",
        "T2,   GenuineIntel,  6, 85, 5, MODEL",
        "T2,   GenuineIntel, 15, 85, 4, MODEL",
    })
    void aTemplateGoesWithTheProcessorsThatItIsFor(String template, String vendor, int family, int model, int stepping, String why)
            throws IOException {
        Path info = Files.writeString(directory.resolve("cpuinfo"), "processor\t: 0\nvendor_id\t: " + vendor + "\ncpu family\t: " + family
                + "\nmodel\t\t: " + model + "\nmodel name\t: CPU @ 2.50GHz\nstepping\t: " + stepping + "\n\nprocessor\t: 1\n");
        String expected = why == null ? null : "Start microvm error: Failed to get CPU template: " + (why.equals("VENDOR") ? VENDOR : MODEL);
        assertEquals(expected, refusal(template, info));
    }

    private static String refusal(String template, Path info) {
        try {
            StaticTemplates.require(template, info);
            return null;
        } catch (ApiException e) {
            return e.getMessage();
        }
    }
}
