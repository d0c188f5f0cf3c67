package io.vmm4j.kvm.abi;

/**
 * The encoding of ioctl request numbers, asm-generic/ioctl.h: direction (2 bits), size of the argument (14), type (8),
 * number (8).
 */
public final class Ioctl {
    private static final int NONE = 0;
    private static final int WRITE = 1;
    private static final int READ = 2;

    private static final int TYPE_SHIFT = 8;
    private static final int SIZE_SHIFT = 16;
    private static final int DIRECTION_SHIFT = 30;
    private static final int MAX_SIZE = (1 << 14) - 1;

    private Ioctl() {
    }

    /** _IO: no structure, though the argument may carry a plain number. */
    public static long io(int type, int number) {
        return encode(NONE, type, number, 0);
    }

    /** _IOR: the kernel writes a structure of {@code size} bytes that the caller reads. */
    public static long ior(int type, int number, int size) {
        return encode(READ, type, number, size);
    }

    /** _IOW: the kernel reads a structure of {@code size} bytes that the caller wrote. */
    public static long iow(int type, int number, int size) {
        return encode(WRITE, type, number, size);
    }

    /** _IOWR: both ways. */
    public static long iowr(int type, int number, int size) {
        return encode(READ | WRITE, type, number, size);
    }

    private static long encode(int direction, int type, int number, int size) {
        if (size < 0 || size > MAX_SIZE) {
            throw new IllegalArgumentException("ioctl argument of " + size + " bytes exceeds " + MAX_SIZE);
        }
        return (long) direction << DIRECTION_SHIFT | (long) size << SIZE_SHIFT | type << TYPE_SHIFT | number;
    }
}
