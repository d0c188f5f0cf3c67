package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.layout.VirtioMmioSlot;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lets ACPICA's own compiler, whose interpreter Linux has, read the tables. */
class AcpiCompilerTest {

    @TempDir
    private Path directory;

    @BeforeAll
    static void requireIasl() {
        boolean found = Stream.of(System.getenv("PATH").split(":")).anyMatch(entry -> Files.isExecutable(Path.of(entry, "iasl")));
        Assumptions.assumeTrue(found, "iasl is not installed (Debian package acpica-tools)");
    }

    private String iasl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("iasl"));
        command.addAll(List.of(arguments));
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), "iasl came to an end");
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), text);
        return text;
    }

    private Map<String, byte[]> dump(int vcpus, int devices) throws Exception {
        GuestMemory memory = GuestRam.of(1 << 20);
        List<VirtioMmioSlot> slots = IntStream.range(0, devices).mapToObj(i -> VirtioMmioSlot.of(i, 5 + i)).toList();
        AcpiTables.write(memory, 0xa2000, IntStream.range(0, vcpus).toArray(), 1, slots, 2);
        return new AcpiDump(memory).tables();
    }

    private String source(String signature, byte[] table) throws Exception {
        Path aml = Files.write(directory.resolve(signature + ".dat"), table);
        String output = iasl("-d", aml.getFileName().toString());
        assertNoComplaint(signature, output);
        String source = Files.readString(directory.resolve(signature + ".dsl"));
        assertNoComplaint(signature, source);
        return source;
    }

    private static void assertNoComplaint(String signature, String text) {
        String lower = text.toLowerCase();
        assertFalse(lower.contains("error") || lower.contains("warning") || lower.contains("invalid") || lower.contains("unknown"),
                () -> signature + ":\n" + text);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 2", "4, 19", "254, 1", "288, 1"})
    void everyTableIsTakenApartWithoutAComplaint(int vcpus, int devices) throws Exception {
        for (Map.Entry<String, byte[]> table : dump(vcpus, devices).entrySet()) {
            source(table.getKey(), table.getValue());
        }
    }

    @Test
    void theDsdtCompilesBackToTheSameBytesWithoutAComplaint() throws Exception {
        byte[] dsdt = dump(2, 19).get("DSDT");
        source("DSDT", dsdt);
        String output = iasl("-oa", "-p", "again", "DSDT.dsl");
        assertTrue(output.contains("0 Errors, 0 Warnings"), output);
        byte[] again = Files.readAllBytes(directory.resolve("again.aml"));
        assertEquals(hexBehindHeader(dsdt), hexBehindHeader(again));
    }

    private static String hexBehindHeader(byte[] table) {
        return HexFormat.of().formatHex(table, 36, table.length);
    }

    @Test
    void theDsdtNamesTheDevicesAndTheirResources() throws Exception {
        String source = source("DSDT", dump(1, 2).get("DSDT")).replaceAll("\\s+", " ");
        for (String part : List.of("Device (COM1)", "EisaId (\"PNP0501\")", "0x03F8", "Device (COM2)", "0x02F8", "EisaId (\"PNP0303\")",
                "EisaId (\"PNP0B00\")", "Device (V000)", "Device (V001)", "\"LNRO0005\"", "0xC0002000", "Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive",
                "Name (\\_S5, Package (0x04)")) {
            assertTrue(source.contains(part), () -> part + " is missing in\n" + source);
        }
    }

    @Test
    void theDsdtNamesTheEventDeviceAndWhatItTellsOf() throws Exception {
        String source = source("DSDT", dump(2, 0).get("DSDT")).replaceAll("\\s+", " ");
        for (String part : List.of("EisaId (\"PNP0C0C\")", "\"ACPI0013\"", "0x00000009,", "OperationRegion (EREG, SystemIO, 0x0604, One)",
                "Method (_EVT, 1, Serialized)", "Notify (PWRB, 0x80)", "\\_SB.CPUS.CPSC ()", "Notify (VGEN, 0x80)", "_CID, Package (0x02) // _CID: Compatible ID { \"VM_Gen_Counter\", \"VMGENCTR\" }",
                "Name (ADDR, Package (0x02) { 0x000E1000, Zero })")) {
            assertTrue(source.contains(part), () -> part + " is missing in\n" + source);
        }
    }

    @Test
    void theDsdtNamesSlotsForDevicesThatComeAndGo() throws Exception {
        String source = source("DSDT", dump(1, 0).get("DSDT")).replaceAll("\\s+", " ");
        for (String part : List.of("Device (SLTS)", "OperationRegion (SREG, SystemIO, 0x0640, 0x10)", "OperationRegion (T001, SystemMemory, 0x000E2100, 0x0100)",
                "Device (S001)", "\"ACPI0004\"", "Load (T000, SRES", "Notify (S000, Zero)", "Notify (S000, One)", "GONE ()", "SLAN (One, One, Arg1)", "SLAN (One, 0x03, Zero)",
                "\\_SB.SLTS.SLSC ()")) {
            assertTrue(source.contains(part), () -> part + " is missing in\n" + source);
        }
        GuestMemory memory = GuestRam.of(1 << 20);
        AcpiTables.write(memory, 0xa2000, new int[] {0}, 1, List.of(), 0);
        assertFalse(source("DSDT", new AcpiDump(memory).tables().get("DSDT")).contains("SLTS"), "a machine without spare windows");
    }

    @Test
    void aSlotsTableDeclaresItsDeviceUnderTheMethodThatEndsIt() throws Exception {
        String source = source("SSDT", SlotTable.of(1, VirtioMmioSlot.of(4, 11), 7)).replaceAll("\\s+", " ");
        for (String part : List.of("\\_SB.SLTS.S001.GONE.VDEV", "\"LNRO0005\"", "0xC0005000", "0x0000000B,", "0x00000007)")) {
            assertTrue(source.contains(part), () -> part + " is missing in\n" + source);
        }
    }

    @Test
    void theDsdtNamesProcessorsThatComeAndGo() throws Exception {
        String source = source("DSDT", dump(2, 0).get("DSDT")).replaceAll("\\s+", " ");
        for (String part : List.of("Device (CPUS)", "\"ACPI0010\"", "OperationRegion (CREG, SystemIO, 0x0620, 0x14)", "\"ACPI0007\"", "Notify (C001, Arg1)",
                "CPOS (One, Arg0, Arg1)", "CPEJ (One)")) {
            assertTrue(source.contains(part), () -> part + " is missing in\n" + source);
        }
        assertFalse(source.contains("CPEJ (Zero)"), "processor 0 cannot be given back");
        String single = source("DSDT", dump(1, 0).get("DSDT"));
        assertFalse(single.contains("CPUS"), "a machine with one processor has nothing to add or remove");
    }
}
