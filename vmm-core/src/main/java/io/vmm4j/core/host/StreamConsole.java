package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guest's serial port on two streams of the embedder's, as {@code VmBuilder.serial(in, out)} has it. All bytes pass unchanged; the end of the input leaves the
 * output running. The output stream may block and may fail, see {@link OutputBuffer}; it is flushed whenever the
 * guest's output pauses.
 *
 * <p>{@link #close()} closes neither stream. The thread that reads the input is interrupted; one that is inside a read
 * which minds no interrupt stays there until the read returns.
 */
public final class StreamConsole implements SerialConsole {
    private static final Logger LOG = LoggerFactory.getLogger(StreamConsole.class);
    private static final int BATCH = 4096;

    private final InputStream input;
    private final boolean isTyped;
    private final OutputBuffer output;
    private SerialPort port;
    private Thread reader;
    private boolean closed;

    /**
     * @param input what is typed; {@link InputStream#nullInputStream()} for nothing
     * @param output takes what the guest prints, on a thread of the console's
     */
    public StreamConsole(InputStream input, OutputStream output) {
        this(Objects.requireNonNull(input, "input"), true, output, OutputBuffer.STUCK_NANOS);
    }

    private StreamConsole(InputStream input, boolean isTyped, OutputStream output, long stuckNanos) {
        this.input = input;
        this.isTyped = isTyped;
        this.output = new OutputBuffer("stream", Objects.requireNonNull(output, "output"), OutputBuffer.CAPACITY, System::nanoTime,
                stuckNanos);
    }

    /** A console on which nothing is typed, and so without a thread that reads. */
    public static StreamConsole printing(OutputStream output) {
        return new StreamConsole(InputStream.nullInputStream(), false, output, OutputBuffer.STUCK_NANOS);
    }

    /**
     * A console that loses nothing: while nobody takes its output the guest waits, and so does {@link #close()}, until the output is written,
     * fails, or the thread that closes is interrupted.
     *
     * @param input {@code null} where nothing is typed
     */
    public static StreamConsole patient(InputStream input, OutputStream output) {
        return new StreamConsole(input == null ? InputStream.nullInputStream() : input, input != null, output, OutputBuffer.PATIENT);
    }

    /** The old way to {@link io.vmm4j.core.console.CapturedConsole#create()}. */
    @SuppressWarnings("deprecation") // under the name that its callers know
    public static io.vmm4j.core.host.CapturedConsole capture() {
        return new io.vmm4j.core.host.CapturedConsole();
    }

    @Override
    public SerialSink output() {
        return output;
    }

    @Override
    public synchronized void attach(SerialPort serialPort) throws IOException {
        if (port != null || closed) {
            throw new IllegalStateException("this console was attached or closed before");
        }
        port = serialPort;
        try {
            output.start(serialPort);
            if (isTyped) {
                startReader();
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private void startReader() throws IOException {
        reader = new Thread(this::readUntilEnd, "console-in");
        reader.setDaemon(true);
        port.own(reader);
        Threads.start(reader);
    }

    private void readUntilEnd() {
        byte[] bytes = new byte[BATCH];
        try {
            int n = input.read(bytes);
            while (n >= 0) {
                port.send(bytes, 0, n);
                n = input.read(bytes);
            }
        } catch (IOException e) {
            LOG.info("{}: no more input: {}", port.name(), e.getMessage());
        } catch (InterruptedException e) {
            // close() asks for the end this way.
            Thread.currentThread().interrupt();
        } catch (Throwable e) { // the stream may be anybody's
            port.failed("input.read()", e);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        if (reader != null) {
            reader.interrupt();
        }
        output.close();
    }
}
