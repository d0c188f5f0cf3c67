package io.vmm4j.kvm;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;

/** Calls an ioctl and turns -1 into a {@link KvmException} with the request's name. EINTR is tried again. */
final class Ioctls {
    private Ioctls() {
    }

    static int call(Fd fd, String name, long request, long argument) throws KvmException {
        int result;
        do {
            result = LibC.ioctl(fd.value(), request, argument);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        return check(name, result);
    }

    static int call(Fd fd, String name, long request, NativeStruct argument) throws KvmException {
        int result;
        do {
            result = LibC.ioctl(fd.value(), request, argument);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        return check(name, result);
    }

    /** A structure of {@code size} bytes that the kernel fills. */
    static NativeStruct get(Fd fd, String name, long request, int size) throws KvmException {
        NativeStruct struct = NativeStruct.allocate(size);
        call(fd, name, request, struct);
        return struct;
    }

    /** As {@link #get}, its bytes. */
    static byte[] getBytes(Fd fd, String name, long request, int size) throws KvmException {
        byte[] bytes = new byte[size];
        get(fd, name, request, size).bytes().get(0, bytes);
        return bytes;
    }

    /** A structure of {@code size} bytes that the kernel reads. */
    static void setBytes(Fd fd, String name, long request, int size, byte[] bytes) throws KvmException {
        if (bytes.length != size) {
            throw new IllegalArgumentException(name + " takes " + size + " bytes, not " + bytes.length);
        }
        NativeStruct struct = NativeStruct.allocate(size);
        struct.bytes().put(0, bytes);
        call(fd, name, request, struct);
    }

    private static int check(String name, int result) throws KvmException {
        if (result < 0) {
            throw new KvmException("ioctl(" + name + ")", LibC.errno());
        }
        return result;
    }
}
