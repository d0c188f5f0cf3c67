package io.vmm4j.devices.virtio.fs;

import java.nio.ByteBuffer;

/** What a request says behind its header, read once from the guest's memory. Throws EINVAL where it is too short. */
final class FuseReader {

    private final ByteBuffer bytes;

    /** @param bytes little-endian, from its position to its limit */
    FuseReader(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    int u32() throws FsException {
        require(Integer.BYTES);
        return bytes.getInt();
    }

    long u64() throws FsException {
        require(Long.BYTES);
        return bytes.getLong();
    }

    void skip(int length) throws FsException {
        require(length);
        bytes.position(bytes.position() + length);
    }

    /** The bytes up to the next NUL, which has to be there; at least one. */
    byte[] name() throws FsException {
        int start = bytes.position();
        int end = start;
        while (end < bytes.limit() && bytes.get(end) != 0) {
            end++;
        }
        if (end == bytes.limit() || end == start) {
            throw new FsException(FuseConstants.EINVAL);
        }
        byte[] name = new byte[end - start];
        bytes.get(name);
        bytes.get();
        return name;
    }

    byte[] bytes(int length) throws FsException {
        if (length < 0) {
            throw new FsException(FuseConstants.EINVAL);
        }
        require(length);
        byte[] copy = new byte[length];
        bytes.get(copy);
        return copy;
    }

    private void require(int length) throws FsException {
        if (bytes.remaining() < length) {
            throw new FsException(FuseConstants.EINVAL);
        }
    }
}
