package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A guest's sockets on a running loop, and host programs. */
final class VsockSocketsRig implements AutoCloseable {
    private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    private final List<AutoCloseable> programs = new ArrayList<>();
    private final Path path;
    private final EpollEventLoop loop;
    private final VsockSockets sockets;
    private final LoopGuest guest;

    VsockSocketsRig(Path path, VsockSockets.Limits limits) throws IOException {
        this.path = path;
        this.loop = new EpollEventLoop("vsock-test", failures::add);
        this.guest = new LoopGuest(loop);
        try {
            this.sockets = VsockSockets.listen(loop, path, limits);
        } catch (IOException e) {
            loop.close();
            throw e;
        }
        sockets.serve(guest);
        loop.start();
    }

    EpollEventLoop loop() {
        return loop;
    }

    VsockSockets sockets() {
        return sockets;
    }

    LoopGuest guest() {
        return guest;
    }

    /** A host program that connects and says nothing yet. */
    SocketChannel program() throws IOException {
        SocketChannel program = SocketChannel.open(UnixDomainSocketAddress.of(path));
        programs.add(program);
        return program;
    }

    /** Takes all places in the backlog of one who listens with a backlog of 1: two, for the kernel counts those beyond it. */
    void fillBacklog(long port) throws IOException {
        for (int i = 0; i < 2; i++) {
            programs.add(SocketChannel.open(UnixDomainSocketAddress.of(path + "_" + port)));
        }
    }

    /** A host program that connects to the guest's port 52. */
    SocketChannel connectedProgram() throws IOException {
        SocketChannel program = program();
        send(program, "CONNECT 52\n");
        return program;
    }

    /** A host program that listens for the guest's connections to {@code port}. */
    ServerSocketChannel listen(long port, int backlog) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        programs.add(server);
        return server.bind(UnixDomainSocketAddress.of(path + "_" + port), backlog);
    }

    static void send(SocketChannel program, String text) throws IOException {
        program.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Reads until {@code count} bytes came, or the end. */
    static String read(SocketChannel program, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        int n = 0;
        while (buffer.hasRemaining() && n >= 0) {
            n = program.read(buffer);
        }
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
    }

    /** Ends the machine. */
    void endMachine() throws IOException {
        loop.close();
        sockets.close();
    }

    /** Ends machine and programs; nothing may have been thrown on the loop. */
    @Override
    public void close() throws Exception {
        endMachine();
        for (AutoCloseable program : programs) {
            program.close();
        }
        assertEquals(List.of(), failures, "thrown on the loop");
    }
}
