package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CpuTemplatesTest {

    private static final String INTEL = "GenuineIntel";
    private static final String AMD = "AuthenticAMD";

    /** Mask and value of a register of a leaf, or nothing. */
    private static String change(CpuConfig config, String leaf, String subleaf, String register) {
        return config.cpuidModifiers().stream().filter(modifier -> modifier.leaf().equals(leaf) && modifier.subleaf().equals(subleaf))
                .flatMap(modifier -> modifier.modifiers().stream()).filter(modifier -> modifier.register().equals(register))
                .map(modifier -> hex(modifier.change())).findFirst().orElse("");
    }

    private static String hex(BitChange change) {
        return Long.toHexString(change.mask()) + " " + Long.toHexString(change.value());
    }

    @ParameterizedTest
    @CsvSource({
        "C3,   0x1,        0x0, eax, fff3fff 306e4",
        "C3,   0x1,        0x0, ecx, 40dd3c 0",
        "C3,   0x1,        0x0, edx, a8641080 1080",
        "C3,   0x7,        0x0, ebx, ffafdd3c 0",
        "C3,   0x7,        0x0, ecx, 4041481e 0",
        "C3,   0x7,        0x0, edx, c 0",
        "C3,   0x80000001, 0x0, ecx, 120 0",
        "C3,   0x80000001, 0x0, edx, 4000000 0",
        "C3,   0x80000008, 0x0, ebx, ''",
        "T2,   0x1,        0x0, eax, fff3fff 306f2",
        "T2,   0x1,        0x0, ecx, 4cdfc 0",
        "T2,   0x1,        0x0, edx, e8641080 1080",
        "T2,   0x7,        0x0, ebx, ffefda14 200",
        "T2,   0x7,        0x0, ecx, 40415f5e 0",
        "T2,   0x7,        0x0, edx, 11c 0",
        "T2,   0xd,        0x0, eax, 2f8 0",
        "T2,   0xd,        0x1, eax, e 0",
        "T2,   0x80000001, 0x0, ecx, 20000100 0",
        "T2,   0x80000001, 0x0, edx, 4000000 0",
        "T2,   0x80000008, 0x0, ebx, 200 0",
        "T2S,  0x80000001, 0x0, ecx, 20000100 0",
        "T2CL, 0x80000001, 0x0, ecx, 200001c0 0",
        "T2CL, 0x80000001, 0x0, edx, 7c00000 0",
        "T2CL, 0x80000008, 0x0, ebx, 200 0",
        "T2A,  0x80000001, 0x0, ecx, 200001c4 0",
        "T2A,  0x80000001, 0x0, edx, 6400000 0",
        "T2A,  0x80000008, 0x0, ebx, 1c0205 1c0004",
    })
    void aTemplateChangesTheseBits(String name, String leaf, String subleaf, String register, String change) {
        assertEquals(change, change(CpuTemplates.named(name), leaf, subleaf, register));
    }

    @Test
    void theTemplatesForMovesFixWhatTheProcessorSaysOfItsFaults() {
        assertEquals(List.of("0x10a ffffffffffffffff c0a0c4c"), msrs("T2S"));
        assertEquals(List.of("0x10a ffffffffe2f51e00 0"), msrs("T2CL"));
        Stream.of("C3", "T2", "T2A", "None").forEach(name -> assertEquals(List.of(), msrs(name), name));
    }

    private static List<String> msrs(String name) {
        return CpuTemplates.named(name).msrModifiers().stream().map(modifier -> modifier.addr() + " " + hex(modifier.change())).toList();
    }

    @ParameterizedTest
    @EnumSource(CpuTemplate.class)
    void everyTemplateIsAConfigurationThatCanBeAndFlagsTheLeavesThatHaveSubleaves(CpuTemplate template) throws ConfigException {
        Problems problems = new Problems();
        CpuTemplates.of(template).check(problems);
        problems.throwIfAny();
        for (CpuConfig.LeafModifier leaf : CpuTemplates.of(template).cpuidModifiers()) {
            assertEquals(List.of("0x7", "0xd").contains(leaf.leaf()) ? 1 : 0, leaf.flags(), leaf.leaf());
        }
        assertEquals(template == CpuTemplate.None ? CpuConfig.none() : CpuTemplates.of(template), CpuTemplates.named(template.name()));
    }

    @Test
    void aNameThatIsNoneIsRefused() {
        for (String name : new String[] {"t2", "V1N1", "", null}) {
            assertEquals("CPU template \"" + name + "\" is not one of [None, C3, T2, T2S, T2CL, T2A]",
                    assertThrows(IllegalArgumentException.class, () -> CpuTemplates.named(name)).getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Skylake, Cascade Lake, Ice Lake, Milan
        "C3,   yes, yes, yes, no",
        "T2,   yes, yes, yes, no",
        "T2S,  yes, yes, no,  no",
        "T2CL, no,  yes, yes, no",
        "T2A,  no,  no,  no,  yes",
        "None, yes, yes, yes, yes",
    })
    void aTemplateIsForTheseProcessors(CpuTemplate template, String skylake, String cascadeLake, String iceLake, String milan) {
        assertEquals(skylake.equals("yes"), CpuTemplates.isFor(template, 0x50654));
        assertEquals(cascadeLake.equals("yes"), CpuTemplates.isFor(template, 0x50657));
        assertEquals(iceLake.equals("yes"), CpuTemplates.isFor(template, 0x606A6));
        assertEquals(milan.equals("yes"), CpuTemplates.isFor(template, 0x00A00F11));
        assertEquals(template == CpuTemplate.None, CpuTemplates.isFor(template, 0x806F8), "Sapphire Rapids");
        assertEquals(skylake.equals("yes"), CpuTemplates.isFor(template, 0xF0050654 | 0x3000), "type and reserved bits say nothing");
    }

    @Test
    void theVendorIsLookedAtBeforeTheModel() {
        assertTrue(CpuTemplates.isVendorOf(CpuTemplate.T2, INTEL));
        assertFalse(CpuTemplates.isVendorOf(CpuTemplate.T2, AMD));
        assertTrue(CpuTemplates.isVendorOf(CpuTemplate.T2A, AMD));
        assertEquals("CPU template T2 is for processors of GenuineIntel, and this host's is of AuthenticAMD (machine-config.cpu_template)",
                problem(CpuTemplate.T2, AMD, 0x00A00F11));
        assertEquals("CPU template T2S is for Intel's Skylake and Cascade Lake servers, and this host's processor is another (signature 0x606a6)"
                + " (machine-config.cpu_template)", problem(CpuTemplate.T2S, INTEL, 0x606A6));
    }

    private static String problem(CpuTemplate template, String vendor, int signature) {
        Problems problems = new Problems();
        CpuTemplates.check(template, vendor, signature, problems);
        return assertThrows(ConfigException.class, problems::throwIfAny).getMessage();
    }

    @Test
    void changesThatAreGivenInFullTakeATemplatesPlace() throws ConfigException {
        VmConfig plain = VmConfig.of(null, null, MachineConfig.defaults().withCpuTemplate(CpuTemplate.T2));
        assertEquals(CpuTemplates.named("T2"), plain.cpuChanges());
        assertEquals(CpuConfig.none(), VmConfig.of(null, null, null).cpuChanges());
        VmConfig both = VmConfigJson.parse("{\"machine-config\": {\"cpu_template\": \"T2\"}, \"cpu-config\": {\"kvm_capabilities\": [\"121\"]}}", "test");
        assertEquals(new CpuConfig(List.of("121"), null, null), both.cpuChanges());
        assertFalse(both.hasTemplate());
    }
}
