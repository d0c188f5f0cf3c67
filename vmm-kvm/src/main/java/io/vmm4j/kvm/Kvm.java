package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmMsrList;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import java.nio.file.Path;
import java.util.List;

/**
 * An open /dev/kvm. Thread-safe. Machines made from it stay usable when it is closed, but for saving and restoring a vCPU's state. What KVM answers alike each time, capabilities, CPUID,
 * sizes, is asked once for all that are open: {@link KvmFacts}.
 */
public final class Kvm implements AutoCloseable {
    /** The only version that KVM ever had since it became stable. */
    public static final int API_VERSION = 12;

    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final String NOT_KVM = "this file is not KVM's device: remove it, and load the module kvm_intel or kvm_amd";
    private static final int FIRST_CPUID_CAPACITY = 256;
    private static final int MAX_CPUID_CAPACITY = 4096;
    /** What api.rst says to assume where a kernel does not tell the numbers. */
    private static final int FALLBACK_VCPUS = 4;

    private final Fd fd;
    private final KvmFacts facts;

    private Kvm(Fd fd, KvmFacts facts) {
        this.fd = fd;
        this.facts = facts;
    }

    /** Opens /dev/kvm. */
    public static Kvm open() throws KvmException {
        return open(DEVICE);
    }

    /** Opens a KVM device node under another path. */
    public static Kvm open(Path device) throws KvmException {
        try {
            return of(Fd.open(device, Fd.O_RDWR));
        } catch (LinuxException e) {
            throw new KvmException(e.call(), e.errno(), openHint(device, e.errno()));
        }
    }

    private static Kvm of(Fd fd) throws LinuxException {
        try {
            return new Kvm(fd, KvmFacts.of(fd.stat()));
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** What is known of this KVM. */
    KvmFacts facts() {
        return facts;
    }

    private static String openHint(Path device, int errno) {
        return switch (errno) {
            case Errno.ENOENT -> "load the module kvm_intel or kvm_amd, and see that virtualization is on in the firmware";
            case Errno.ENODEV, Errno.ENXIO -> "this CPU or its firmware settings do not allow virtualization";
            case Errno.EACCES, Errno.EPERM -> DeviceAccess.of(device).map(DeviceAccess::hint).orElse("");
            case Errno.EBUSY -> "another hypervisor has the CPU's virtualization";
            default -> "";
        };
    }

    /** KVM_GET_API_VERSION; anything but {@link #API_VERSION} cannot be used. */
    public int apiVersion() throws KvmException {
        return facts.apiVersion(this::askApiVersion);
    }

    private int askApiVersion() throws KvmException {
        try {
            return Ioctls.call(fd, "KVM_GET_API_VERSION", KvmRequests.KVM_GET_API_VERSION, 0);
        } catch (KvmException e) {
            throw e.errno() == Errno.ENOTTY ? new KvmException(e.call(), e.errno(), NOT_KVM) : e;
        }
    }

    /**
     * KVM_CHECK_EXTENSION.
     *
     * @param cap a {@link KvmCap} constant
     * @return 0 for no; 1 or a number that depends on the capability for yes
     */
    public int checkExtension(int cap) throws KvmException {
        return facts.extension(cap, () -> Ioctls.call(fd, "KVM_CHECK_EXTENSION", KvmRequests.KVM_CHECK_EXTENSION, cap));
    }

    /** KVM_GET_SUPPORTED_CPUID: the answers that hardware and KVM can give a guest. Immutable. */
    public List<CpuidEntry> supportedCpuid() throws KvmException {
        return facts.supportedCpuid(this::askSupportedCpuid);
    }

    private List<CpuidEntry> askSupportedCpuid() throws KvmException {
        int capacity = FIRST_CPUID_CAPACITY;
        while (true) {
            try {
                return CpuidCalls.get(fd, "KVM_GET_SUPPORTED_CPUID", KvmRequests.KVM_GET_SUPPORTED_CPUID, capacity);
            } catch (KvmException e) {
                if (e.errno() != Errno.E2BIG || capacity >= MAX_CPUID_CAPACITY) {
                    throw e;
                }
                capacity *= 2;
            }
        }
    }

    /** KVM_GET_MSR_INDEX_LIST: the numbers of the registers that a guest's state consists of. */
    public int[] msrIndexList() throws KvmException {
        return facts.msrIndexList(this::askMsrIndexList).clone();
    }

    private int[] askMsrIndexList() throws KvmException {
        NativeStruct list = NativeStruct.allocate(KvmMsrList.SIZE);
        // With room for none the call fails with E2BIG and says how many there are.
        if (LibC.ioctl(fd.value(), KvmRequests.KVM_GET_MSR_INDEX_LIST, list) < 0 && LibC.errno() != Errno.E2BIG) {
            throw new KvmException("ioctl(KVM_GET_MSR_INDEX_LIST)", LibC.errno());
        }
        int count = list.bytes().getInt(KvmMsrList.NMSRS);
        list = NativeStruct.allocate(KvmMsrList.SIZE + count * Integer.BYTES);
        list.bytes().putInt(KvmMsrList.NMSRS, count);
        Ioctls.call(fd, "KVM_GET_MSR_INDEX_LIST", KvmRequests.KVM_GET_MSR_INDEX_LIST, list);
        int[] indices = new int[list.bytes().getInt(KvmMsrList.NMSRS)];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = list.bytes().getInt(KvmMsrList.INDICES + i * Integer.BYTES);
        }
        return indices;
    }

    /** KVM_GET_VCPU_MMAP_SIZE: bytes that a vCPU shares with user space. */
    public int vcpuMmapSize() throws KvmException {
        return facts.vcpuMmapSize(() -> Ioctls.call(fd, "KVM_GET_VCPU_MMAP_SIZE", KvmRequests.KVM_GET_VCPU_MMAP_SIZE, 0));
    }

    /** How many vCPUs a machine can have. */
    public int maxVcpus() throws KvmException {
        int max = checkExtension(KvmCap.KVM_CAP_MAX_VCPUS);
        return max > 0 ? max : recommendedVcpus();
    }

    /** How many vCPUs KVM recommends at most, usually the host's number of CPUs. */
    public int recommendedVcpus() throws KvmException {
        int recommended = checkExtension(KvmCap.KVM_CAP_NR_VCPUS);
        return recommended > 0 ? recommended : FALLBACK_VCPUS;
    }

    /** One above the highest id that a vCPU can have. */
    public int maxVcpuId() throws KvmException {
        int max = checkExtension(KvmCap.KVM_CAP_MAX_VCPU_ID);
        return max > 0 ? max : maxVcpus();
    }

    /** KVM_CREATE_VM: a machine without memory and vCPUs. */
    public KvmVm createVm() throws KvmException {
        // KVM_CREATE_VM can take milliseconds and gives up with EINTR when a signal comes; Ioctls tries again.
        int mmapSize = vcpuMmapSize();
        return new KvmVm(this, Fd.of(Ioctls.call(fd, "KVM_CREATE_VM", KvmRequests.KVM_CREATE_VM, 0)), mmapSize);
    }

    @Override
    public void close() {
        fd.close();
    }
}
