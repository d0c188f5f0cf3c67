package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The settings of a terminal, as a value: take a snapshot, apply {@link #raw()}, and later apply the snapshot again.
 * A process in the background that changes terminal settings is stopped by the kernel: ask {@link #isForeground} first.
 * Immutable.
 */
public final class Termios {
    /*
     * The kernel's struct termios, asm-generic/termbits.h:
     *   tcflag_t c_iflag;   0      cc_t c_line;      16
     *   tcflag_t c_oflag;   4      cc_t c_cc[19];    17    36 in all
     *   tcflag_t c_cflag;   8
     *   tcflag_t c_lflag;  12
     */
    private static final int SIZE = 36;
    private static final int C_IFLAG = 0;
    private static final int C_OFLAG = 4;
    private static final int C_CFLAG = 8;
    private static final int C_LFLAG = 12;
    private static final int C_CC = 17;
    private static final int VTIME = 5;
    private static final int VMIN = 6;

    private static final int IGNBRK = 0x1;
    private static final int BRKINT = 0x2;
    private static final int PARMRK = 0x8;
    private static final int ISTRIP = 0x20;
    private static final int INLCR = 0x40;
    private static final int IGNCR = 0x80;
    private static final int ICRNL = 0x100;
    private static final int IXON = 0x400;
    private static final int OPOST = 0x1;
    private static final int CSIZE = 0x30;
    private static final int CS8 = 0x30;
    private static final int PARENB = 0x100;
    private static final int ISIG = 0x1;
    private static final int ICANON = 0x2;
    private static final int ECHO = 0x8;
    private static final int ECHONL = 0x40;
    private static final int IEXTEN = 0x8000;

    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;
    private static final long TCSETSW = 0x5403;
    private static final long TCFLSH = 0x540B;
    private static final long TCIFLUSH = 0;
    private static final long TIOCGPGRP = 0x540F;
    private static final long TIOCGWINSZ = 0x5413;

    private final byte[] settings;

    private Termios(byte[] settings) {
        this.settings = settings;
    }

    /**
     * The size of a terminal in characters; 0 where it is not known.
     *
     * @param rows lines
     * @param columns characters a line
     */
    public record WindowSize(int rows, int columns) {
    }

    /** Whether the descriptor is a terminal. */
    public static boolean isTty(int fd) {
        return LibC.ioctl(fd, TCGETS, NativeStruct.allocate(SIZE)) == 0;
    }

    /** Whether the caller's process group is the one that the terminal belongs to; false when it is no terminal. */
    public static boolean isForeground(int fd) {
        NativeStruct group = NativeStruct.allocate(Integer.BYTES);
        return LibC.ioctl(fd, TIOCGPGRP, group) == 0 && group.bytes().getInt(0) == ProcessCalls.getpgrp();
    }

    /** The window size of the terminal. */
    public static WindowSize windowSize(int fd) throws LinuxException {
        NativeStruct size = NativeStruct.allocate(8);
        if (LibC.ioctl(fd, TIOCGWINSZ, size) < 0) {
            throw new LinuxException("ioctl(TIOCGWINSZ)", LibC.errno());
        }
        return new WindowSize(Short.toUnsignedInt(size.bytes().getShort(0)),
                Short.toUnsignedInt(size.bytes().getShort(2)));
    }

    /** The present settings of the terminal, as tcgetattr(3). */
    public static Termios snapshot(int fd) throws LinuxException {
        NativeStruct struct = NativeStruct.allocate(SIZE);
        if (LibC.ioctl(fd, TCGETS, struct) < 0) {
            throw new LinuxException("tcgetattr", LibC.errno());
        }
        byte[] settings = new byte[SIZE];
        struct.bytes().get(0, settings);
        return new Termios(settings);
    }

    /**
     * These settings as cfmakeraw(3) changes them: each byte passes as it is, at once, without echo, signals or flow
     * control, in both directions.
     */
    public Termios raw() {
        byte[] raw = settings.clone();
        ByteBuffer b = ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(C_IFLAG, b.getInt(C_IFLAG) & ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON));
        b.putInt(C_OFLAG, b.getInt(C_OFLAG) & ~OPOST);
        b.putInt(C_CFLAG, b.getInt(C_CFLAG) & ~(CSIZE | PARENB) | CS8);
        b.putInt(C_LFLAG, b.getInt(C_LFLAG) & ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN));
        b.put(C_CC + VMIN, (byte) 1).put(C_CC + VTIME, (byte) 0);
        return new Termios(raw);
    }

    /** Puts these settings on the terminal at once, as tcsetattr(3) with TCSANOW. */
    public void apply(int fd) throws LinuxException {
        apply(fd, TCSETS);
    }

    /** Puts these settings on the terminal once it has shown what was written, as tcsetattr(3) with TCSADRAIN. */
    public void applyDrained(int fd) throws LinuxException {
        apply(fd, TCSETSW);
    }

    /**
     * Puts these settings on the terminal and drops what was typed and not read, as tcsetattr(3) with TCSAFLUSH, but without
     * waiting for what was written.
     */
    public void applyFlushed(int fd) throws LinuxException {
        flushInput(fd);
        apply(fd, TCSETS);
        // What came between the two.
        flushInput(fd);
    }

    /** Drops what was typed and not read, as tcflush(3). */
    public static void flushInput(int fd) throws LinuxException {
        if (LibC.ioctl(fd, TCFLSH, TCIFLUSH) < 0) {
            throw new LinuxException("tcflush", LibC.errno());
        }
    }

    private void apply(int fd, long request) throws LinuxException {
        NativeStruct struct = NativeStruct.allocate(SIZE);
        struct.bytes().put(0, settings);
        int result;
        do {
            result = LibC.ioctl(fd, request, struct);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        if (result < 0) {
            throw new LinuxException("tcsetattr", LibC.errno());
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Termios that && Arrays.equals(settings, that.settings);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(settings);
    }
}
