package io.vmm4j.core.config;

import io.vmm4j.core.config.CpuConfig.LeafModifier;
import io.vmm4j.core.config.CpuConfig.MsrModifier;
import io.vmm4j.core.config.CpuConfig.RegisterModifier;
import io.vmm4j.core.config.MachineConfig.CpuTemplate;
import java.util.List;

/**
 * Firecracker's static CPU templates for x86-64 as changes to CPUs: what has the guests of hosts with different processors see
 * one and the same. T2 and its kin have a guest see a Haswell, C3 an Ivy Bridge. Each is for some processors alone. They hide
 * features and do not take them away.
 *
 * <p>Bits are those of Intel's SDM, volume 2 (CPUID) and 4 (IA32_ARCH_CAPABILITIES), and of AMD's APM, volume 3, appendix E.
 */
public final class CpuTemplates {

    /** Where problems with a template are noted. */
    public static final String KEY = "machine-config.cpu_template";

    private static final String INTEL = "GenuineIntel";
    private static final String AMD = "AuthenticAMD";

    /** What CPUID leaf 1 has in EAX of family, model and stepping. */
    private static final int SIGNATURE_MASK = 0x0FFF_0FFF;
    private static final int SKYLAKE = 0x0005_0654;
    private static final int CASCADE_LAKE = 0x0005_0657;
    private static final int ICE_LAKE = 0x0006_06A6;
    private static final int MILAN = 0x00A0_0F11;

    private static final int LEAF_BITS = 32;
    private static final int MSR_BITS = 64;
    private static final int INDEXED = 1;
    private static final String IA32_ARCH_CAPABILITIES = "0x10a";

    /** State of MPX, AVX-512 and PKRU. */
    private static final LeafModifier NO_LARGE_STATE = leaf("0xd", "0x0", INDEXED, register("eax", 0x0000_02F8, 0));
    /** XSAVEC, XGETBV with 1, XSAVES. */
    private static final LeafModifier NO_COMPACT_STATE = leaf("0xd", "0x1", INDEXED, register("eax", 0x0000_000E, 0));

    private CpuTemplates() {
    }

    /**
     * The changes of the template that Firecracker calls {@code name}; none for {@code None}.
     *
     * @throws IllegalArgumentException when there is none called so
     */
    public static CpuConfig named(String name) {
        for (CpuTemplate template : CpuTemplate.values()) {
            if (template.name().equals(name)) {
                return of(template);
            }
        }
        throw new IllegalArgumentException("CPU template \"" + name + "\" is not one of " + List.of(CpuTemplate.values()));
    }

    /** The changes of a template. */
    public static CpuConfig of(CpuTemplate template) {
        return switch (template) {
            case None -> CpuConfig.none();
            case C3 -> ivyBridge();
            case T2 -> haswell(0x2000_0100, 0x0400_0000, register("ebx", 0x0000_0200, 0), List.of());
            case T2S -> haswell(0x2000_0100, 0x0400_0000, register("ebx", 0x0000_0200, 0), archCapabilities(-1L, 0x0C0A_0C4C));
            case T2CL -> haswell(0x2000_01C0, 0x07C0_0000, register("ebx", 0x0000_0200, 0), archCapabilities(0xFFFF_FFFF_E2F5_1E00L, 0));
            case T2A -> haswell(0x2000_01C4, 0x0640_0000, register("ebx", 0x001C_0205, 0x001C_0004), List.of());
        };
    }

    /**
     * The family of T2.
     *
     * @param ecx what is hidden of leaf 0x80000001: PREFETCHW and MONITORX; of AMD's SVM, SSE4A and misaligned SSE
     * @param edx what is hidden of leaf 0x80000001: pages of 1 GiB; of AMD's MMX with its extensions, FXSR and fast FXSR
     * @param ebx leaf 0x80000008: WBNOINVD and CLZERO are hidden; AMD's error pointers are always saved, its IBRS is preferred and
     *     protects within a mode, and EFER.LMSLE is not there
     */
    private static CpuConfig haswell(long ecx, long edx, RegisterModifier ebx, List<MsrModifier> msrs) {
        return new CpuConfig(null, List.of(
                leaf("0x1", "0x0", 0,
                        register("eax", 0x0FFF_3FFF, 0x0003_06F2),
                        // DTES64, MONITOR, DS-CPL, VMX, SMX, EIST, TM2, CNXT-ID, SDBG, xTPR, PDCM, DCA.
                        register("ecx", 0x0004_CDFC, 0),
                        // MCE and MTRR are there. PSN, DS, ACPI, SS, TM, IA64 and PBE are not.
                        register("edx", 0xE864_1080L, 0x0000_1080)),
                leaf("0x7", "0x0", INDEXED,
                        // ERMS is there. SGX, HLE, RTM, RDT, MPX, AVX-512, RDSEED, ADX, CLFLUSHOPT, CLWB, PT and SHA are not.
                        register("ebx", 0xFFEF_DA14L, 0x0000_0200),
                        // AVX-512's later parts, UMIP, PKU, OSPKE, GFNI, VAES, VPCLMULQDQ, LA57, RDPID, SGX_LC.
                        register("ecx", 0x4041_5F5E, 0),
                        // AVX-512's later parts, FSRM.
                        register("edx", 0x0000_011C, 0)),
                NO_LARGE_STATE,
                NO_COMPACT_STATE,
                leaf("0x80000001", "0x0", 0, register("ecx", ecx, 0), register("edx", edx, 0)),
                leaf("0x80000008", "0x0", 0, ebx)), msrs);
    }

    private static CpuConfig ivyBridge() {
        return new CpuConfig(null, List.of(
                leaf("0x1", "0x0", 0,
                        register("eax", 0x0FFF_3FFF, 0x0003_06E4),
                        // DTES64, MONITOR, DS-CPL, VMX, TM2, CNXT-ID, SDBG, FMA, xTPR, PDCM, MOVBE.
                        register("ecx", 0x0040_DD3C, 0),
                        // MCE and MTRR are there. PSN, DS, ACPI, SS, TM and PBE are not.
                        register("edx", 0xA864_1080L, 0x0000_1080)),
                leaf("0x7", "0x0", INDEXED,
                        // SGX, BMI1, HLE, AVX2, BMI2, INVPCID, RTM, RDT, MPX, and most of what came later.
                        register("ebx", 0xFFAF_DD3CL, 0),
                        // AVX-512's later parts, UMIP, PKU, OSPKE, LA57, RDPID, SGX_LC.
                        register("ecx", 0x4041_481E, 0),
                        register("edx", 0x0000_000C, 0)),
                NO_LARGE_STATE,
                NO_COMPACT_STATE,
                // LZCNT, PREFETCHW; pages of 1 GiB.
                leaf("0x80000001", "0x0", 0, register("ecx", 0x0000_0120, 0), register("edx", 0x0400_0000, 0))), null);
    }

    private static LeafModifier leaf(String leaf, String subleaf, int flags, RegisterModifier... registers) {
        return new LeafModifier(leaf, subleaf, flags, List.of(registers));
    }

    /** Bits of {@code mask} become those of {@code value}. */
    private static RegisterModifier register(String name, long mask, long value) {
        return new RegisterModifier(name, bitmap(mask, value, LEAF_BITS));
    }

    private static List<MsrModifier> archCapabilities(long mask, long value) {
        return List.of(new MsrModifier(IA32_ARCH_CAPABILITIES, bitmap(mask, value, MSR_BITS)));
    }

    private static String bitmap(long mask, long value, int bits) {
        StringBuilder digits = new StringBuilder("0b");
        for (int bit = bits - 1; bit >= 0; bit--) {
            digits.append((mask >>> bit & 1) == 0 ? 'x' : (value >>> bit & 1) == 0 ? '0' : '1');
        }
        return digits.toString();
    }

    /** Whether {@code vendor}, as CPUID leaf 0 has it, makes the processors that a template is for. */
    public static boolean isVendorOf(CpuTemplate template, String vendor) {
        return template == CpuTemplate.None || vendor.equals(template == CpuTemplate.T2A ? AMD : INTEL);
    }

    /**
     * Whether a template is for a processor of its vendor's.
     *
     * @param signature what CPUID leaf 1 has in EAX
     */
    public static boolean isFor(CpuTemplate template, int signature) {
        int model = signature & SIGNATURE_MASK;
        return switch (template) {
            case None -> true;
            case C3, T2 -> model == SKYLAKE || model == CASCADE_LAKE || model == ICE_LAKE;
            case T2S -> model == SKYLAKE || model == CASCADE_LAKE;
            case T2CL -> model == CASCADE_LAKE || model == ICE_LAKE;
            case T2A -> model == MILAN;
        };
    }

    /**
     * Notes what is wrong with a template on a host.
     *
     * @param vendor    as CPUID leaf 0 has it
     * @param signature what CPUID leaf 1 has in EAX
     */
    public static void check(CpuTemplate template, String vendor, int signature, Problems problems) {
        if (!isVendorOf(template, vendor)) {
            problems.add(KEY, "CPU template " + template + " is for processors of " + (template == CpuTemplate.T2A ? AMD : INTEL)
                    + ", and this host's is of " + vendor);
        } else if (!isFor(template, signature)) {
            problems.add(KEY, "CPU template " + template + " is for " + processors(template) + ", and this host's processor is another (signature 0x"
                    + Integer.toHexString(signature & SIGNATURE_MASK) + ")");
        }
    }

    private static String processors(CpuTemplate template) {
        return switch (template) {
            case None -> "all processors";
            case C3, T2 -> "Intel's Skylake, Cascade Lake and Ice Lake servers";
            case T2S -> "Intel's Skylake and Cascade Lake servers";
            case T2CL -> "Intel's Cascade Lake and Ice Lake servers";
            case T2A -> "AMD's Milan";
        };
    }
}
