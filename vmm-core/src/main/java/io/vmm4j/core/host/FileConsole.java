package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A console whose host's end is a file that takes what the guest prints; nothing is typed. What is in the file stays, and
 * so does what other programs append. A named pipe needs no reader: what does not fit it while nobody reads is dropped as
 * at any other slow reader's.
 */
public final class FileConsole implements SerialConsole {

    private static final int O_APPEND = 0x400;
    /** How long the end of the machine may have to wait for a pipe that takes nothing, beyond {@link OutputBuffer}'s bound. */
    private static final int STEP_MILLIS = 50;

    private final Appending file;
    private final StreamConsole console;

    private FileConsole(Appending file) {
        this.file = file;
        this.console = StreamConsole.printing(file);
    }

    /**
     * Opens {@code path} to append to it, and makes it where it is not there.
     *
     * @throws LinuxException when the host refuses
     */
    public static FileConsole open(Path path) throws LinuxException {
        // Reading too, since a named pipe without a reader could not be opened to write without waiting.
        int access = Files.isRegularFile(path) ? Fd.O_WRONLY : Fd.O_RDWR;
        return new FileConsole(new Appending(Fd.open(path, access | Fd.O_CREAT | Fd.O_NONBLOCK | O_APPEND)));
    }

    /**
     * Looks whether {@link #open} could open {@code path}; makes nothing.
     *
     * @throws IOException one line that names the path
     */
    public static void check(Path path) throws IOException {
        String what = "serial output file " + path;
        if (Files.isDirectory(path)) {
            throw new IOException(what + " is a directory");
        }
        if (Files.exists(path)) {
            if (!Files.isWritable(path)) {
                throw new IOException(what + " is not writable");
            }
            return;
        }
        Path directory = path.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException(what + " is in a directory that does not exist");
        }
        if (!Files.isWritable(directory)) {
            throw new IOException(what + " is in a directory that is not writable");
        }
    }

    @Override
    public SerialSink output() {
        return console.output();
    }

    @Override
    public void attach(SerialPort port) throws IOException {
        console.attach(port);
    }

    /** Writes out what is there, within {@link OutputBuffer}'s bound, and closes the file. A second call does nothing. */
    @Override
    public void close() {
        console.close();
        file.close();
    }

    /** Writes that a {@link #close} from another thread ends. */
    private static final class Appending extends OutputStream {
        private static final int SIZE = 4096;

        private final Fd fd;
        private final ByteBuffer data = ByteBuffer.allocateDirect(SIZE);
        private volatile boolean closing;

        Appending(Fd fd) {
            this.fd = fd;
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
            int done = 0;
            while (done < length && !closing) {
                int piece = Math.min(length - done, SIZE);
                data.put(0, bytes, offset + done, piece);
                long written = fd.write(LibC.address(data), piece);
                if (written == Fd.WOULD_BLOCK) {
                    fd.poll(Fd.POLLOUT, STEP_MILLIS);
                } else {
                    done += (int) written;
                }
            }
            Reference.reachabilityFence(data);
        }

        @Override
        public void close() {
            closing = true;
            synchronized (this) {
                fd.close();
            }
        }
    }
}
