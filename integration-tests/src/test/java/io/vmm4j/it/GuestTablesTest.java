package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.MachineConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The firmware's tables as a guest finds them in its memory, read by ACPICA's compiler. */
@Tag("kvm")
@Timeout(120)
class GuestTablesTest {

    private static final Path IASL = Path.of("/usr/bin/iasl");

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 8", "4, 300"})
    void everyAcpiTableThatAGuestFindsIsTakenApartWithoutAComplaint(int vcpus, int maxVcpus) throws Exception {
        assumeTrue(Files.isExecutable(IASL), "iasl is not installed (Debian package acpica-tools)");
        MachineConfig machine = new MachineConfig(vcpus, maxVcpus, null, null, null, null, null, null, null, null, null, null, null);
        AssembledGuest guest = AssembledGuest.run("acpi-tables", builder -> builder.machine(machine).entropy(new EntropyConfig(null)));
        List<String> signatures = new ArrayList<>();
        for (String hex : guest.texts("table")) {
            byte[] table = HexFormat.of().parseHex(hex);
            String signature = new String(table, 0, 4, StandardCharsets.US_ASCII);
            signatures.add(signature);
            assertEquals(0, sum(table), "checksum of " + signature);
            Files.write(directory.resolve(signature + ".dat"), table);
            assertNoComplaint(signature, takeApart(signature));
        }
        assertEquals(List.of("XSDT", "FACP", "DSDT", "APIC"), signatures);
    }

    private static byte sum(byte[] table) {
        byte sum = 0;
        for (byte octet : table) {
            sum += octet;
        }
        return sum;
    }

    /** What iasl says, and the source it makes. */
    private String takeApart(String signature) throws Exception {
        Process iasl = new ProcessBuilder(IASL.toString(), "-d", signature + ".dat").directory(directory.toFile())
                .redirectErrorStream(true).start();
        String output = new String(iasl.getInputStream().readAllBytes());
        assertEquals(0, iasl.waitFor(), output);
        return output + Files.readString(directory.resolve(signature + ".dsl"));
    }

    private static void assertNoComplaint(String signature, String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        for (String word : new String[] {"error", "warning", "invalid", "unknown"}) {
            assertFalse(lower.contains(word), () -> signature + ": " + text);
        }
    }
}
