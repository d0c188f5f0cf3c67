package io.vmm4j.api.control;

import io.vmm4j.api.request.CpuConfigBody;
import io.vmm4j.api.request.CpuLeafBody;
import io.vmm4j.api.request.CpuMsrBody;
import io.vmm4j.api.request.CpuRegisterBody;
import io.vmm4j.core.config.CpuConfig;
import java.util.ArrayList;
import java.util.List;

/** {@code /cpu-config} as the machine takes it. */
final class CpuChanges {

    private static final String PREFIX = "0b";

    private CpuChanges() {
    }

    static CpuConfig of(CpuConfigBody body) {
        if (body == null) {
            return CpuConfig.none();
        }
        List<CpuConfig.LeafModifier> leaves = new ArrayList<>();
        for (CpuLeafBody leaf : body.cpuidModifiers()) {
            List<CpuConfig.RegisterModifier> registers = new ArrayList<>();
            for (CpuRegisterBody register : leaf.modifiers()) {
                registers.add(new CpuConfig.RegisterModifier(register.register(), bitmap(register.bitmap())));
            }
            leaves.add(new CpuConfig.LeafModifier(hex(leaf.leaf()), hex(leaf.subleaf()), (int) (long) leaf.flags(), registers));
        }
        List<CpuConfig.MsrModifier> msrs = new ArrayList<>();
        for (CpuMsrBody msr : body.msrModifiers()) {
            msrs.add(new CpuConfig.MsrModifier(hex(msr.addr()), bitmap(msr.bitmap())));
        }
        return new CpuConfig(body.kvmCapabilities(), leaves, msrs);
    }

    private static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }

    /** The prefix may be missing, and so may the digits. */
    private static String bitmap(String text) {
        String digits = (text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text).replace("_", "");
        return PREFIX + (digits.isEmpty() ? "x" : digits);
    }
}
