package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmCap;
import io.vmm4j.kvm.abi.KvmNestedState;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.NativeStruct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What a vCPU is as the processor of a guest that is a hypervisor itself: {@code struct kvm_nested_state}. As confined as the vCPU is. */
final class NestedState {

    /** Far above what any KVM has: two pages and a header. */
    static final int SIZE_MAX = 1 << 16;

    private NestedState() {
    }

    /** Bytes of it here; 0 where KVM lets no guest be a hypervisor. */
    private static int size(Kvm kvm) throws KvmException {
        return kvm.checkExtension(KvmCap.KVM_CAP_NESTED_STATE);
    }

    /** @return none where KVM lets no guest be a hypervisor, or none has begun to be one */
    static Bytes read(Kvm kvm, Fd fd) throws KvmException {
        int size = size(kvm);
        if (size == 0) {
            return Bytes.NONE;
        }
        NativeStruct struct = NativeStruct.allocate(Math.max(size, KvmNestedState.SIZE));
        struct.bytes().putInt(KvmNestedState.LENGTH, size);
        Ioctls.call(fd, "KVM_GET_NESTED_STATE", KvmRequests.KVM_GET_NESTED_STATE, struct);
        Bytes state = Bytes.readFrom(struct.bytes(), 0, struct.bytes().getInt(KvmNestedState.LENGTH));
        return isIdle(struct.bytes()) ? Bytes.NONE : state;
    }

    private static boolean isIdle(ByteBuffer state) {
        int flags = state.getShort(KvmNestedState.FLAGS) & 0xFFFF;
        return state.getShort(KvmNestedState.FORMAT) == KvmNestedState.KVM_STATE_NESTED_FORMAT_VMX
                ? flags == 0 && state.getLong(KvmNestedState.VMXON_PA) == -1 : flags == KvmNestedState.KVM_STATE_NESTED_GIF_SET;
    }

    /** Has a vCPU that has run, and is to become another, be no hypervisor's: before its registers, some of which would be the inner guest's. */
    static void leave(Kvm kvm, Fd fd) throws KvmException {
        Bytes now = read(kvm, fd);
        if (now.isEmpty()) {
            return;
        }
        NativeStruct struct = NativeStruct.allocate(KvmNestedState.SIZE);
        boolean isIntels = format(now) == KvmNestedState.KVM_STATE_NESTED_FORMAT_VMX;
        struct.bytes().putShort(KvmNestedState.FLAGS, (short) (isIntels ? 0 : KvmNestedState.KVM_STATE_NESTED_GIF_SET))
                .putShort(KvmNestedState.FORMAT, (short) format(now)).putInt(KvmNestedState.LENGTH, KvmNestedState.SIZE);
        if (isIntels) {
            struct.bytes().putLong(KvmNestedState.VMXON_PA, -1).putLong(KvmNestedState.VMCS12_PA, -1);
        }
        Ioctls.call(fd, "KVM_SET_NESTED_STATE", KvmRequests.KVM_SET_NESTED_STATE, struct);
    }

    private static int format(Bytes state) {
        return ByteBuffer.wrap(state.toArray()).order(ByteOrder.LITTLE_ENDIAN).getShort(KvmNestedState.FORMAT);
    }

    /** After the special registers, which say whether it can be, and before all others. */
    static void write(Kvm kvm, Fd fd, Bytes state) throws KvmException {
        if (state.isEmpty()) {
            return;
        }
        if (isLacked(kvm, state)) {
            throw new KvmException("ioctl(KVM_SET_NESTED_STATE)", Errno.EINVAL, "the guest is a hypervisor itself, which this KVM does not let it be");
        }
        NativeStruct struct = NativeStruct.allocate(state.size());
        state.writeTo(struct.bytes(), 0);
        struct.bytes().putInt(KvmNestedState.LENGTH, state.size());
        Ioctls.call(fd, "KVM_SET_NESTED_STATE", KvmRequests.KVM_SET_NESTED_STATE, struct);
    }

    static boolean isLacked(Kvm kvm, Bytes state) throws KvmException {
        return !state.isEmpty() && size(kvm) == 0;
    }
}
