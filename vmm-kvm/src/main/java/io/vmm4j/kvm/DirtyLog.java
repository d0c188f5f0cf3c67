package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmClearDirtyLog;
import io.vmm4j.kvm.abi.KvmDirtyLog;
import io.vmm4j.kvm.abi.KvmRequests;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.Sysconf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;

/**
 * The pages of one memory slot that the guest has written, by KVM's dirty log. What the monitor itself writes into the memory
 * is not in it. Reading allocates nothing. Confined to one thread at a time.
 *
 * <p>By itself KVM starts afresh with each reading, protecting every page that is in the log again, all of the slot's under
 * one lock. With {@link KvmVm#enableManualDirtyLog} a reading changes nothing, and {@link #clear} protects the pages whose
 * content has been saved, in parts.
 */
public final class DirtyLog {
    /** KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE. */
    static final int MANUAL_PROTECT_ENABLE = 1;

    private final Fd vm;
    private final int slot;
    private final long pages;
    private final boolean isManual;
    private final ByteBuffer bytes;
    private final LongBuffer bitmap;
    private final NativeStruct get = NativeStruct.allocate(KvmDirtyLog.SIZE);
    private final NativeStruct clear = NativeStruct.allocate(KvmClearDirtyLog.SIZE);

    DirtyLog(Fd vm, int slot, long size, boolean isManual) {
        this.vm = vm;
        this.slot = slot;
        this.pages = size / Sysconf.pageSize();
        this.isManual = isManual;
        this.bytes = ByteBuffer.allocateDirect(Math.toIntExact((pages + Long.SIZE - 1) / Long.SIZE * Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        this.bitmap = bytes.asLongBuffer();
        get.bytes().putInt(KvmDirtyLog.SLOT, slot).putLong(KvmDirtyLog.DIRTY_BITMAP, LibC.address(bytes));
        clear.bytes().putInt(KvmClearDirtyLog.SLOT, slot);
    }

    /**
     * KVM_GET_DIRTY_LOG: bit {@code n % 64} of word {@code n / 64} is page {@code n} of the slot.
     *
     * @return always the same buffer, which keeps what it says until the next reading
     */
    public LongBuffer read() throws KvmException {
        Ioctls.call(vm, "KVM_GET_DIRTY_LOG", KvmRequests.KVM_GET_DIRTY_LOG, get);
        return bitmap;
    }

    /**
     * KVM_CLEAR_DIRTY_LOG: those of the pages that the last reading had are noted afresh from here on. Nothing to do where a reading
     * starts afresh itself.
     *
     * @param firstPage a multiple of 64
     * @param count a multiple of 64, or to the slot's end
     */
    public void clear(long firstPage, int count) throws KvmException {
        if (firstPage < 0 || count < 0 || firstPage > pages - count || firstPage % Long.SIZE != 0
                || count % Long.SIZE != 0 && firstPage + count != pages) {
            throw new IllegalArgumentException("pages [" + firstPage + ", +" + count + ") of slot " + slot + " with " + pages + " pages");
        }
        if (!isManual) {
            return;
        }
        clear.bytes().putInt(KvmClearDirtyLog.NUM_PAGES, count).putLong(KvmClearDirtyLog.FIRST_PAGE, firstPage)
                .putLong(KvmClearDirtyLog.DIRTY_BITMAP, LibC.address(bytes) + firstPage / Byte.SIZE);
        Ioctls.call(vm, "KVM_CLEAR_DIRTY_LOG", KvmRequests.KVM_CLEAR_DIRTY_LOG, clear);
    }

    /** The slot's size in pages. */
    public long pages() {
        return pages;
    }
}
