package io.vmm4j.core;

import io.vmm4j.kvm.Kvm;
import io.vmm4j.kvm.KvmCapabilities;
import io.vmm4j.kvm.KvmException;
import java.util.Locale;
import java.util.Optional;

/** Whether machines can be built on this host, for programs and tests that have something else to do where they cannot. Stateless. */
public final class KvmHost {

    private KvmHost() {
    }

    /** Why no machine can be built here: one line with what to do about it; empty when there is nothing in the way. */
    public static Optional<String> problem() {
        return problem(System.getProperty("os.name"), System.getProperty("os.arch"));
    }

    static Optional<String> problem(String system, String processor) {
        if (!system.equals("Linux") || !processor.equals("amd64")) {
            return Optional.of("virtual machines need Linux on x86-64; this is " + system + " on " + processor.toLowerCase(Locale.ROOT));
        }
        try (Kvm kvm = Kvm.open()) {
            KvmCapabilities.require(kvm);
            return Optional.empty();
        } catch (KvmException e) {
            return Optional.of(e.getMessage());
        }
    }
}
