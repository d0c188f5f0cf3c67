package io.vmm4j.core.host;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The guest's serial port on a Unix stream socket, for one client at a time ({@code nc -U PATH}, {@code socat}).
 *
 * <p>The file is created by {@link #attach} with mode 0600 and removed by {@link #close()}. What the guest prints while
 * nobody is connected is kept, the last {@value ClientOutput#KEPT} bytes of it, and given to the next client. A client
 * that leaves disturbs nothing; one that ended its input only still gets output, until another client takes its place. A
 * client that comes while another is there is told so and disconnected. All bytes pass unchanged; there are no escapes.
 */
public final class SocketConsole implements SerialConsole {
    static final byte[] BUSY =
            "vmm: another client is connected to this console\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long CLOSE_LIMIT_MILLIS = 1_000;
    private static final Logger LOG = LoggerFactory.getLogger(SocketConsole.class);

    private final Path path;
    private final ClientOutput clientOutput = new ClientOutput();
    private final OutputBuffer output = new OutputBuffer("serial socket", clientOutput, OutputBuffer.CAPACITY,
            System::nanoTime, OutputBuffer.STUCK_NANOS);
    private SerialPort port;
    private SocketFile<ServerSocketChannel> file;
    private ClientInput input;
    private Thread acceptor;
    private boolean closed;

    /** A console at {@code path}; nothing is created until {@link #attach}. */
    public SocketConsole(Path path) {
        this.path = path;
    }

    @Override
    public SerialSink output() {
        return output;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IOException one line that names the path: a live socket or another kind of file is there, the directory is
     *     missing or not writable; or that names what the host lacks
     */
    @Override
    public synchronized void attach(SerialPort serialPort) throws IOException {
        if (file != null || closed) {
            throw new IllegalStateException("this console was attached or closed before");
        }
        port = serialPort;
        file = SocketFile.listen(path);
        try {
            // All that clients will need: a host that has none later must not take the console from a machine.
            input = new ClientInput(port, clientOutput);
            clientOutput.open(input::wake, port::clientChanged);
            input.start(port);
            output.start(port);
            acceptor = new Thread(this::acceptUntilClosed, "console-accept");
            acceptor.setDaemon(true);
            port.own(acceptor);
            Threads.start(acceptor);
        } catch (IOException e) {
            // Before what it has is given back, after which nothing is lacking.
            IOException refusal = Shortage.named(e);
            close();
            throw refusal;
        }
    }

    /**
     * Says how large the terminal is that the client has, of which the socket itself tells nothing; only a virtio console passes it on.
     *
     * @param columns 1 to 65535
     * @param rows    1 to 65535
     */
    public synchronized void resize(int columns, int rows) {
        if (port != null && port.hasWindow() && !closed) {
            port.resize(columns, rows);
        }
    }

    private void acceptUntilClosed() {
        boolean told = false;
        while (file.server().isOpen()) {
            try {
                receive(file.server().accept());
            } catch (IOException | RuntimeException | Error e) {
                if (file.server().isOpen()) {
                    if (!told) {
                        LOG.warn("{}: cannot accept a client: {}", path, e.toString());
                    }
                    told = true;
                    // Such as too many open files: what is lacking does not come back by asking in a loop.
                    LockSupport.parkNanos(RETRY_NANOS);
                }
            } catch (InterruptedException e) {
                // Nobody but the owner of the process's threads interrupts this one: no more clients then.
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void receive(SocketChannel channel) throws IOException, InterruptedException {
        try {
            channel.configureBlocking(false);
            ClientOutput.Client client = clientOutput.admit(channel);
            if (client == null) {
                refuse(channel);
                return;
            }
            input.add(client);
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
        // Has the writer give the newcomer what was kept, now rather than with the guest's next byte.
        output.show(new byte[0]);
    }

    private void refuse(SocketChannel channel) {
        try (channel) {
            channel.write(ByteBuffer.wrap(BUSY)); // there is room: it is the first that is sent
        } catch (IOException e) {
            LOG.debug("{}: a client left: {}", path, e.toString());
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
        if (file != null) {
            stopListening();
        }
        if (input != null) {
            input.close();
        }
        output.close();
        clientOutput.close();
    }

    private void stopListening() {
        try {
            file.close();
        } catch (IOException e) {
            LOG.warn("{}: the socket was not removed: {}", path, e.getMessage());
        }
        if (acceptor != null) {
            Threads.joinWithin(acceptor, CLOSE_LIMIT_MILLIS);
        }
    }
}
