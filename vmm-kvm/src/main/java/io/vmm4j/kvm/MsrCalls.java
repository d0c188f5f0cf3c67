package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmMsrs;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.abi.MsrEntry;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.NativeStruct;
import java.util.ArrayList;
import java.util.List;

/**
 * KVM_GET_MSRS and KVM_SET_MSRS, as few calls as can be. Each handles registers up to the first that is refused, and says
 * how many.
 */
final class MsrCalls {
    /** KVM's bound on one call is 256 exclusive. */
    private static final int MSRS_A_CALL = 255;

    /** Whether KVM does without a register that it has refused. */
    private interface Refusal {
        void at(int index) throws KvmException;
    }

    private final Fd fd;
    private final NativeStruct msrs;

    MsrCalls(Fd fd, int count) {
        this.fd = fd;
        this.msrs = NativeStruct.allocate(KvmMsrs.SIZE + Math.min(count, MSRS_A_CALL) * KvmMsrs.ENTRY_SIZE);
    }

    /** The values of {@code indices}, in their order. */
    List<MsrEntry> get(int[] indices) throws KvmException {
        return get(indices, at -> {
            throw new MsrRefusedException("ioctl(KVM_GET_MSRS)", indices[at]);
        });
    }

    /** As {@link #get(int[])}, without those that are refused, whose numbers go to {@code leftOut}. */
    List<MsrEntry> getWhatCanBe(int[] indices, List<Integer> leftOut) throws KvmException {
        return get(indices, at -> leftOut.add(indices[at]));
    }

    private List<MsrEntry> get(int[] indices, Refusal refusal) throws KvmException {
        List<MsrEntry> result = new ArrayList<>(indices.length);
        for (int from = 0; from < indices.length; ) {
            int count = Math.min(MSRS_A_CALL, indices.length - from);
            msrs.bytes().putInt(KvmMsrs.NMSRS, count);
            for (int i = 0; i < count; i++) {
                msrs.bytes().putInt(offset(i) + KvmMsrs.ENTRY_INDEX, indices[from + i]);
            }
            int done = Ioctls.call(fd, "KVM_GET_MSRS", KvmRequests.KVM_GET_MSRS, msrs);
            for (int i = 0; i < done; i++) {
                result.add(new MsrEntry(indices[from + i], msrs.bytes().getLong(offset(i) + KvmMsrs.ENTRY_DATA)));
            }
            from += done;
            if (done < count) {
                refusal.at(from++);
            }
        }
        return result;
    }

    /** Sets {@code entries} in their order. */
    void set(List<MsrEntry> entries) throws KvmException {
        set(entries, at -> {
            throw new MsrRefusedException("ioctl(KVM_SET_MSRS)", entries.get(at).index());
        });
    }

    /** As {@link #set(List)}; a register that is refused and has its value already is none to report. */
    void setUnlessSet(List<MsrEntry> entries) throws KvmException {
        set(entries, at -> {
            MsrEntry entry = entries.get(at);
            List<MsrEntry> has = new MsrCalls(fd, 1).getWhatCanBe(new int[] {entry.index()}, new ArrayList<>());
            if (!has.contains(entry)) {
                throw new MsrRefusedException("ioctl(KVM_SET_MSRS)", entry.index(), entry.data());
            }
        });
    }

    private void set(List<MsrEntry> entries, Refusal refusal) throws KvmException {
        for (int from = 0; from < entries.size(); ) {
            int count = Math.min(MSRS_A_CALL, entries.size() - from);
            msrs.bytes().putInt(KvmMsrs.NMSRS, count);
            for (int i = 0; i < count; i++) {
                MsrEntry entry = entries.get(from + i);
                msrs.bytes().putInt(offset(i) + KvmMsrs.ENTRY_INDEX, entry.index())
                        .putLong(offset(i) + KvmMsrs.ENTRY_DATA, entry.data());
            }
            int done = Ioctls.call(fd, "KVM_SET_MSRS", KvmRequests.KVM_SET_MSRS, msrs);
            from += done;
            if (done < count) {
                refusal.at(from++);
            }
        }
    }

    private static int offset(int i) {
        return KvmMsrs.ENTRIES + i * KvmMsrs.ENTRY_SIZE;
    }
}
