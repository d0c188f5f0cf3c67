package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.libc.Errno;
import java.util.ArrayList;
import java.util.List;

/** What a host's KVM must be able to do for this project, and whether it is. */
public final class KvmCapabilities {
    private static final int[] REQUIRED = {
        KvmCap.KVM_CAP_IRQCHIP,
        KvmCap.KVM_CAP_USER_MEMORY,
        KvmCap.KVM_CAP_SET_TSS_ADDR,
        KvmCap.KVM_CAP_EXT_CPUID,
        KvmCap.KVM_CAP_MP_STATE,
        KvmCap.KVM_CAP_DESTROY_MEMORY_REGION_WORKS,
        KvmCap.KVM_CAP_IRQ_ROUTING,
        KvmCap.KVM_CAP_IRQFD,
        KvmCap.KVM_CAP_PIT2,
        KvmCap.KVM_CAP_IOEVENTFD,
        KvmCap.KVM_CAP_SET_IDENTITY_MAP_ADDR,
        KvmCap.KVM_CAP_ADJUST_CLOCK,
        KvmCap.KVM_CAP_KVMCLOCK_CTRL,
        KvmCap.KVM_CAP_IMMEDIATE_EXIT,
    };

    private KvmCapabilities() {
    }

    /** The required capabilities, {@link KvmCap} constants. */
    public static int[] required() {
        return REQUIRED.clone();
    }

    /** The names of the required capabilities that this KVM lacks; empty when all is well. */
    public static List<String> missing(Kvm kvm) throws KvmException {
        return kvm.facts().missing(() -> ask(kvm));
    }

    private static List<String> ask(Kvm kvm) throws KvmException {
        List<String> missing = new ArrayList<>();
        for (int cap : REQUIRED) {
            if (kvm.checkExtension(cap) == 0) {
                missing.add(KvmCap.name(cap));
            }
        }
        return missing;
    }

    /**
     * Checks the API version and the required capabilities.
     *
     * @throws KvmException naming the version, or every capability that is missing
     */
    public static void require(Kvm kvm) throws KvmException {
        require(kvm, List.of());
    }

    /** As {@link #require(Kvm)}, but for the capabilities whose numbers are in {@code waived}. */
    public static void require(Kvm kvm, List<Integer> waived) throws KvmException {
        int version = kvm.apiVersion();
        if (version != Kvm.API_VERSION) {
            throw new KvmException("ioctl(KVM_GET_API_VERSION)", Errno.EOPNOTSUPP,
                    "this KVM has API version " + version + ", needed is " + Kvm.API_VERSION);
        }
        List<String> missing = new ArrayList<>(missing(kvm));
        missing.removeAll(waived.stream().map(KvmCap::name).toList());
        if (!missing.isEmpty()) {
            throw new KvmException("ioctl(KVM_CHECK_EXTENSION)", Errno.EOPNOTSUPP, describe(missing));
        }
    }

    /** One clause that names every missing capability. */
    static String describe(List<String> missing) {
        return "this KVM lacks " + String.join(", ", missing) + "; a newer kernel may have them";
    }
}
