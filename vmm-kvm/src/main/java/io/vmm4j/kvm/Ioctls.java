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

    private static int check(String name, int result) throws KvmException {
        if (result < 0) {
            throw new KvmException("ioctl(" + name + ")", LibC.errno());
        }
        return result;
    }
}
