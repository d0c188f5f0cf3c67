package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.Pty;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A pseudo-terminal with a person at it. */
final class TestTerminal implements AutoCloseable {
    private static final int F_SETFD = 2;
    private static final int TERMIOS_SIZE = 36;
    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;
    private static final long TIOCSWINSZ = 0x5414;
    private static final long FIONREAD = 0x541B;
    private static final int SIZE = 4096;

    private final Pty pty = Pty.open();
    private final Fd slave;
    private final StringBuilder seen = new StringBuilder();

    TestTerminal() throws IOException {
        slave = open(pty.path());
        makeOdd();
    }

    /** Opens a file as a parent process leaves it to a child: not closed on exec. */
    static Fd open(Path path) throws IOException {
        Fd fd = Fd.open(path, Fd.O_RDWR | Fd.O_NOCTTY);
        LibC.fcntl(fd.value(), F_SETFD, 0);
        return fd;
    }

    /** Settings that no program would choose, so that only a full restore brings them back. */
    private void makeOdd() {
        byte[] settings = settings();
        settings[1] ^= 0x08; // IXANY
        settings[13] ^= 0x01; // TOSTOP
        settings[17 + 2] = 0x08; // VERASE: Ctrl-H
        settings[17 + 5] = 7; // VTIME
        settings[17 + 6] = 3; // VMIN
        NativeStruct struct = NativeStruct.allocate(TERMIOS_SIZE);
        struct.bytes().put(0, settings);
        if (LibC.ioctl(fd(), TCSETS, struct) < 0) {
            throw new AssertionError("TCSETS: errno " + LibC.errno());
        }
    }

    /** Gives the window another size, as dragging its corner does. */
    void resize(int columns, int rows) {
        NativeStruct size = NativeStruct.allocate(8);
        size.bytes().putShort(0, (short) rows).putShort(2, (short) columns);
        if (LibC.ioctl(fd(), TIOCSWINSZ, size) < 0) {
            throw new AssertionError("TIOCSWINSZ: errno " + LibC.errno());
        }
    }

    int fd() {
        return slave.value();
    }

    Path path() {
        return pty.path();
    }

    /** The kernel's struct termios, byte for byte. */
    byte[] settings() {
        NativeStruct struct = NativeStruct.allocate(TERMIOS_SIZE);
        if (LibC.ioctl(fd(), TCGETS, struct) < 0) {
            throw new AssertionError("TCGETS: errno " + LibC.errno());
        }
        byte[] settings = new byte[TERMIOS_SIZE];
        struct.bytes().get(0, settings);
        return settings;
    }

    void type(String keys) throws IOException {
        type(keys.getBytes(StandardCharsets.ISO_8859_1));
    }

    void type(byte[] keys) throws IOException {
        NativeStruct data = NativeStruct.allocate(keys.length);
        data.bytes().put(0, keys);
        int done = 0;
        while (done < keys.length) {
            done += (int) pty.master().write(data.address() + done, keys.length - done);
        }
    }

    /** Waits until {@code text} is on the screen; false when the time is up. */
    boolean awaitText(String text) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RecordingPort.LIMIT_SECONDS);
        while (seen.indexOf(text) < 0 && System.nanoTime() < deadline) {
            readSome(1_000);
        }
        return seen.indexOf(text) >= 0;
    }

    private void readSome(int timeoutMillis) throws IOException {
        NativeStruct data = NativeStruct.allocate(SIZE);
        if ((pty.master().poll(Fd.POLLIN, timeoutMillis) & Fd.POLLIN) == 0) {
            return;
        }
        int n = (int) pty.master().read(data.address(), SIZE);
        byte[] bytes = new byte[n];
        data.bytes().get(0, bytes);
        seen.append(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    /** Bytes typed that nobody has read. */
    int unread() {
        NativeStruct count = NativeStruct.allocate(Integer.BYTES);
        if (LibC.ioctl(fd(), FIONREAD, count) < 0) {
            throw new AssertionError("FIONREAD: errno " + LibC.errno());
        }
        return count.bytes().getInt(0);
    }

    String screen() {
        return seen.toString();
    }

    void hangUp() {
        pty.close();
    }

    @Override
    public void close() {
        slave.close();
        pty.close();
    }
}
