package io.vmm4j.core.memory;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.MemFd;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;

/** Copies pages of a machine's RAM, which stands still, into a new file in memory; pages of zeros take none. */
final class PageCopy {

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(Pages.SIZE).asReadOnlyBuffer();

    private final FrozenFile file;
    private final BitSet data;

    private PageCopy(FrozenFile file, BitSet data) {
        this.file = file;
        this.data = data;
    }

    /**
     * Copies.
     *
     * @param ram   all of it
     * @param pages which; others are left out
     */
    static PageCopy of(Mapping ram, BitSet pages) throws LinuxException {
        MemFd made = MemFd.create("vmm4j-frozen", ram.length(), 0);
        try {
            BitSet data = new BitSet();
            List<ByteBuffer> views = ram.buffers(Mapping.MAX_CHUNK_SIZE);
            for (int page = pages.nextSetBit(0); page >= 0; page = pages.nextSetBit(page + 1)) {
                if (!isZero(views, Pages.bytes(page))) {
                    data.set(page);
                }
            }
            for (int from = data.nextSetBit(0); from >= 0;) {
                int to = data.nextClearBit(from);
                write(made.fd(), ram, Pages.bytes(from), Pages.bytes(to - from));
                from = data.nextSetBit(to);
            }
            return new PageCopy(new FrozenFile(made.fd(), 0), data);
        } catch (LinuxException | RuntimeException | Error e) {
            made.close();
            throw e;
        }
    }

    private static boolean isZero(List<ByteBuffer> views, long offset) {
        ByteBuffer view = views.get((int) (offset / Mapping.MAX_CHUNK_SIZE));
        int at = (int) (offset % Mapping.MAX_CHUNK_SIZE);
        // Most pages that are not of zeros have something in their first bytes.
        if (view.getLong(at) != 0) {
            return false;
        }
        view.limit(at + Pages.SIZE).position(at);
        boolean isZero = view.mismatch(ZEROS.duplicate()) < 0;
        view.clear();
        return isZero;
    }

    private static void write(Fd target, Mapping ram, long offset, long length) throws LinuxException {
        for (long done = 0; done < length;) {
            done += target.pwrite(ram.address() + offset + done, length - done, offset + done);
        }
    }

    /** The pages that are not zeros. */
    BitSet data() {
        return data;
    }

    /** Where they are; held by the caller. */
    FrozenFile file() {
        return file;
    }
}
