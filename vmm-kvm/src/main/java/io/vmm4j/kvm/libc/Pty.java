package io.vmm4j.kvm.libc;

import java.nio.file.Path;

/**
 * A new pseudo-terminal: what is written to the master is typed at the terminal, what is printed on the terminal is read
 * from the master. The terminal has the kernel's default settings and is nobody's controlling terminal.
 */
public final class Pty implements AutoCloseable {
    private static final long TIOCSPTLCK = 0x40045431L;
    private static final long TIOCGPTN = 0x80045430L;

    private final Fd master;
    private final Path path;

    private Pty(Fd master, Path path) {
        this.master = master;
        this.path = path;
    }

    /** Opens {@code /dev/ptmx} and unlocks the terminal behind it, as posix_openpt(3), grantpt(3) and unlockpt(3). */
    public static Pty open() throws LinuxException {
        Fd master = Fd.open(Path.of("/dev/ptmx"), Fd.O_RDWR | Fd.O_NOCTTY);
        try {
            NativeStruct number = NativeStruct.allocate(Integer.BYTES);
            control(master, "ioctl(TIOCSPTLCK)", TIOCSPTLCK, number);
            control(master, "ioctl(TIOCGPTN)", TIOCGPTN, number);
            return new Pty(master, Path.of("/dev/pts/" + number.bytes().getInt(0)));
        } catch (LinuxException e) {
            master.close();
            throw e;
        }
    }

    private static void control(Fd master, String call, long request, NativeStruct argument) throws LinuxException {
        if (LibC.ioctl(master.value(), request, argument) < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }

    /** The master's end; closing it hangs the terminal up. */
    public Fd master() {
        return master;
    }

    /** The terminal's device file; open it with {@link Fd#O_NOCTTY}. */
    public Path path() {
        return path;
    }

    /** Closes the master's end. */
    @Override
    public void close() {
        master.close();
    }
}
