package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Changes to what the guest's CPUs are, in Firecracker's form ({@code cpu-config}): bits of CPUID leaves and of
 * model-specific registers, and the KVM capabilities that the machine needs.
 *
 * @param kvmCapabilities numbers of capabilities that KVM must have, such as {@code "121"}, or, with {@code !} before
 *     them, of those that are not needed although they otherwise would be
 * @param cpuidModifiers  changes to leaves that KVM supports on this host
 * @param msrModifiers    changes to registers, after they have their usual start values
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record CpuConfig(
        @JsonProperty("kvm_capabilities") List<String> kvmCapabilities,
        @JsonProperty("cpuid_modifiers") List<LeafModifier> cpuidModifiers,
        @JsonProperty("msr_modifiers") List<MsrModifier> msrModifiers) {

    /** Where problems with a changed leaf are noted: {@code cpu-config.cpuid_modifiers[0]}. */
    public static final String LEAVES_KEY = "cpu-config.cpuid_modifiers";
    /** Where problems with a changed register are noted. */
    public static final String MSRS_KEY = "cpu-config.msr_modifiers";
    /** Where problems with capabilities are noted. */
    public static final String CAPABILITIES_KEY = "cpu-config.kvm_capabilities";

    private static final int LEAF_BITS = 32;
    private static final int MSR_BITS = 64;

    public CpuConfig {
        kvmCapabilities = kvmCapabilities == null ? List.of() : List.copyOf(kvmCapabilities);
        cpuidModifiers = cpuidModifiers == null ? List.of() : List.copyOf(cpuidModifiers);
        msrModifiers = msrModifiers == null ? List.of() : List.copyOf(msrModifiers);
    }

    @Override
    public int hashCode() {
        return Objects.hash(kvmCapabilities, cpuidModifiers, msrModifiers);
    }

    /** CPUs as KVM and the machine's other options have them. */
    public static CpuConfig none() {
        return new CpuConfig(null, null, null);
    }

    /**
     * Changes to one leaf.
     *
     * @param leaf      {@code "0x80000001"}, or a decimal number
     * @param subleaf   as {@code leaf}; 0 where the leaf has none
     * @param flags     KVM's: 1 when the answer depends on the subleaf
     * @param modifiers the registers to change
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record LeafModifier(
            @JsonProperty("leaf") String leaf,
            @JsonProperty("subleaf") String subleaf,
            @JsonProperty("flags") Integer flags,
            @JsonProperty("modifiers") List<RegisterModifier> modifiers) {

        public LeafModifier {
            subleaf = subleaf == null ? "0x0" : subleaf;
            flags = flags == null ? Integer.valueOf(0) : flags;
            modifiers = modifiers == null ? List.of() : List.copyOf(modifiers);
        }

        /** The leaf's number. */
        public int leafNumber() {
            return (int) parse(leaf, LEAF_BITS).orElseThrow().longValue();
        }

        /** The subleaf's number. */
        public int subleafNumber() {
            return (int) parse(subleaf, LEAF_BITS).orElseThrow().longValue();
        }

        private void check(String key, Problems problems) {
            requireNumber(leaf, LEAF_BITS, key + ".leaf", problems);
            requireNumber(subleaf, LEAF_BITS, key + ".subleaf", problems);
            for (int i = 0; i < modifiers.size(); i++) {
                RegisterModifier modifier = modifiers.get(i);
                String at = key + ".modifiers[" + i + "]";
                boolean isKnown = modifier.register() != null && modifier.register().matches("e[abcd]x");
                problems.require(isKnown, at + ".register", "register \"" + modifier.register() + "\" is not one of eax, ebx, ecx, edx");
                requireBitmap(modifier.bitmap(), LEAF_BITS, at + ".bitmap", problems);
            }
        }
    }

    /**
     * Changes to one register of a leaf.
     *
     * @param register {@code eax}, {@code ebx}, {@code ecx} or {@code edx}
     * @param bitmap   see {@link BitChange}
     */
    public record RegisterModifier(@JsonProperty("register") String register, @JsonProperty("bitmap") String bitmap) {

        /** The change, of a configuration that has been checked. */
        public BitChange change() {
            return BitChange.parse(bitmap, LEAF_BITS).orElseThrow();
        }
    }

    /**
     * Changes to one model-specific register.
     *
     * @param addr   {@code "0x10a"}, or a decimal number
     * @param bitmap see {@link BitChange}
     */
    public record MsrModifier(@JsonProperty("addr") String addr, @JsonProperty("bitmap") String bitmap) {

        /** The register's number. */
        public int number() {
            return (int) parse(addr, LEAF_BITS).orElseThrow().longValue();
        }

        /** The change, of a configuration that has been checked. */
        public BitChange change() {
            return BitChange.parse(bitmap, MSR_BITS).orElseThrow();
        }
    }

    /** Numbers of the capabilities that must be there. */
    public List<Integer> neededCapabilities() {
        return kvmCapabilities.stream().filter(text -> !text.startsWith("!")).map(Integer::valueOf).toList();
    }

    /** Numbers of the capabilities that need not be there. */
    public List<Integer> waivedCapabilities() {
        return kvmCapabilities.stream().filter(text -> text.startsWith("!")).map(text -> Integer.valueOf(text.substring(1))).toList();
    }

    void check(Problems problems) {
        for (int i = 0; i < kvmCapabilities.size(); i++) {
            String text = kvmCapabilities.get(i);
            problems.require(text != null && text.matches("!?\\d{1,6}"), CAPABILITIES_KEY + "[" + i + "]",
                    "KVM capability \"" + text + "\" is not a number, with or without ! before it");
        }
        for (int i = 0; i < cpuidModifiers.size(); i++) {
            cpuidModifiers.get(i).check(LEAVES_KEY + "[" + i + "]", problems);
        }
        for (int i = 0; i < msrModifiers.size(); i++) {
            String key = MSRS_KEY + "[" + i + "]";
            requireNumber(msrModifiers.get(i).addr(), LEAF_BITS, key + ".addr", problems);
            requireBitmap(msrModifiers.get(i).bitmap(), MSR_BITS, key + ".bitmap", problems);
        }
    }

    private static void requireNumber(String text, int bits, String key, Problems problems) {
        problems.require(parse(text, bits).isPresent(), key, "\"" + text + "\" is not a number of " + bits + " bits");
    }

    private static void requireBitmap(String text, int bits, String key, Problems problems) {
        problems.require(BitChange.parse(text, bits).isPresent(), key, "bitmap \"" + text + "\" is not 0b and 1 to " + bits
                + " of 0, 1 and x, for \"as it is\"");
    }

    private static Optional<Long> parse(String text, int bits) {
        if (text == null || !text.matches("0[xX][0-9a-fA-F]{1,8}|0b[01]{1,32}|\\d{1,10}")) {
            return Optional.empty();
        }
        long number = text.matches("0[xX].*") ? Long.parseLong(text.substring(2), 16)
                : text.startsWith("0b") ? Long.parseLong(text.substring(2), 2) : Long.parseLong(text);
        return number >>> bits == 0 ? Optional.of(number) : Optional.empty();
    }
}
