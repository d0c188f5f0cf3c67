package io.vmm4j.it;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.Pty;
import io.vmm4j.kvm.libc.Termios;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program on a pseudo-terminal of its own, as a person at a terminal has it. Confined to one thread. */
final class TerminalSession implements AutoCloseable {

    private static final int SIZE = 4096;
    private static final long TIOCSWINSZ = 0x5414;
    private static final int POLL_MILLIS = 200;

    private final Pty pty;
    private final Fd terminal;
    private final Termios before;
    private final Process process;
    private final StringBuilder screen = new StringBuilder();

    /** Starts {@code command} in a session whose controlling terminal is a new pseudo-terminal. */
    TerminalSession(Path directory, List<String> command) throws IOException {
        pty = Pty.open();
        terminal = Fd.open(pty.path(), Fd.O_RDWR | Fd.O_NOCTTY);
        before = Termios.snapshot(terminal.value());
        List<String> words = new ArrayList<>(List.of("setsid", "-c"));
        words.addAll(command);
        ProcessBuilder.Redirect device = ProcessBuilder.Redirect.appendTo(pty.path().toFile());
        process = new ProcessBuilder(words).directory(directory.toFile())
                .redirectInput(pty.path().toFile()).redirectOutput(device).redirectError(device).start();
    }

    /** Types keys. */
    void type(String keys) throws IOException {
        byte[] bytes = keys.getBytes(StandardCharsets.ISO_8859_1);
        NativeStruct data = NativeStruct.allocate(bytes.length);
        data.bytes().put(0, bytes);
        for (int done = 0; done < bytes.length; ) {
            done += (int) pty.master().write(data.address() + done, bytes.length - done);
        }
    }

    /** Gives the window another size, of which the program hears by SIGWINCH. */
    void resize(int columns, int rows) {
        NativeStruct size = NativeStruct.allocate(8);
        size.bytes().putShort(0, (short) rows).putShort(2, (short) columns);
        if (LibC.ioctl(pty.master().value(), TIOCSWINSZ, size) < 0) {
            throw new AssertionError("TIOCSWINSZ: errno " + LibC.errno());
        }
    }

    /** Reads the screen until {@code text} is on it. */
    void awaitText(String text, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (screen.indexOf(text) < 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("\"" + text + "\" did not appear in " + patience + "; the screen: " + screen);
            }
            readSome();
        }
    }

    /** Reads the screen until the program ends; returns its exit status. */
    int awaitEnd(Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!process.waitFor(0, TimeUnit.MILLISECONDS)) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("the program did not end in " + patience + "; the screen: " + screen);
            }
            readSome();
        }
        readSome();
        return process.exitValue();
    }

    private void readSome() throws IOException {
        if ((pty.master().poll(Fd.POLLIN, POLL_MILLIS) & Fd.POLLIN) == 0) {
            return;
        }
        NativeStruct data = NativeStruct.allocate(SIZE);
        int n = (int) pty.master().read(data.address(), SIZE);
        byte[] bytes = new byte[Math.max(0, n)];
        data.bytes().get(0, bytes);
        screen.append(new String(bytes, StandardCharsets.ISO_8859_1));
    }

    /** What has been printed since the start. */
    String screen() {
        return screen.toString();
    }

    /** True when the terminal's settings are those from before the program. */
    boolean isTerminalAsItWas() throws IOException {
        return Termios.snapshot(terminal.value()).equals(before);
    }

    /** The program's process. */
    Process process() {
        return process;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        terminal.close();
        pty.close();
    }
}
