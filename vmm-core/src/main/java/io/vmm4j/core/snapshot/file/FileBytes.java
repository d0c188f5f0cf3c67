package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Whole reads and writes of a regular file, by descriptor: nothing that interrupts a thread closes it, as a channel would be. */
final class FileBytes {

    private static final int PIECE = 1 << 20;

    private FileBytes() {
    }

    /** Writes {@code direct} from its position to its limit to {@code offset} of {@code file}; the position stays. */
    static void write(Fd file, ByteBuffer direct, long offset) throws IOException {
        long address = LibC.address(direct) + direct.position();
        long length = direct.remaining();
        for (long done = 0; done < length; ) {
            long written = file.pwrite(address + done, length - done, offset + done);
            if (written <= 0) {
                // A regular file neither blocks nor takes nothing for ever: a limit of the file system does not say so.
                throw new LinuxException("pwrite", Errno.ENOSPC);
            }
            done += written;
        }
        Reference.reachabilityFence(direct);
    }

    /**
     * Fills {@code direct} from its position to its limit, which becomes its position, with what is at {@code offset} of {@code file}.
     *
     * @throws EOFException when the file ends before
     */
    static void read(Fd file, ByteBuffer direct, long offset) throws IOException {
        long address = LibC.address(direct) + direct.position();
        long length = direct.remaining();
        for (long done = 0; done < length; ) {
            long read = file.pread(address + done, length - done, offset + done);
            if (read <= 0) {
                throw new EOFException("it ends at " + (offset + done));
            }
            done += read;
        }
        direct.position(direct.limit());
        Reference.reachabilityFence(direct);
    }

    /** The first {@code length} bytes of {@code file}. */
    static byte[] read(Fd file, int length) throws IOException {
        byte[] bytes = new byte[length];
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(PIECE, Math.max(1, length)));
        for (int at = 0; at < length; at += piece.capacity()) {
            piece.clear().limit(Math.min(piece.capacity(), length - at));
            read(file, piece, at);
            piece.flip().get(bytes, at, piece.remaining());
        }
        return bytes;
    }
}
