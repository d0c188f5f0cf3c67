package io.vmm4j.core.vhostuser;

import io.vmm4j.core.vhostuser.VhostUserConstants.Request;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The messages of one connection to a back end: requests, and the replies of those that have one. Waits where it has to, but not for ever: for one
 * exchange as long as {@link Timing#answer}, for all of them until {@link #established} together as long, and no longer once the machine ends. What
 * comes is held against what was asked for; a file that nobody asked for is never opened: the close of one may wait for whoever made it.
 *
 * <p>Confined to one thread at a time.
 */
final class Channel implements AutoCloseable {

    /** Room for the largest message: a configuration space, or memory of some regions. */
    private static final int MAX_MESSAGE = 1024;
    /** How soon it is seen that the machine ends. */
    private static final int SLICE_MILLIS = 50;

    private final UnixSocket socket;
    private final Duration patience;
    private final BooleanSupplier hurry;
    private final ByteBuffer output = ByteBuffer.allocateDirect(MAX_MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer input = ByteBuffer.allocateDirect(MAX_MESSAGE).order(ByteOrder.LITTLE_ENDIAN);
    private Runnable whileWaiting = () -> { };
    /** When the first exchanges have to be over; empty when they are. */
    private OptionalLong firstEnd;

    /**
     * A reply.
     *
     * @param payload valid until the next exchange
     * @param file    that came with it, the taker's to close
     */
    record Reply(ByteBuffer payload, Optional<Fd> file) {
    }

    /**
     * @param socket connected, closed with this
     * @param hurry  ends waits when it becomes true
     */
    Channel(UnixSocket socket, Duration patience, BooleanSupplier hurry) {
        this.socket = socket;
        this.patience = patience;
        this.hurry = hurry;
        this.firstEnd = OptionalLong.of(System.nanoTime() + patience.toNanos());
    }

    /** The first exchanges are over: each has time of its own from now on. */
    void established() {
        firstEnd = OptionalLong.empty();
    }

    private long end() {
        return firstEnd.orElseGet(() -> System.nanoTime() + patience.toNanos());
    }

    /** @param work is done now and then while a reply is waited for, which may depend on it */
    void whileWaiting(Runnable work) {
        whileWaiting = work;
    }

    /** For {@link io.vmm4j.kvm.libc.Epoll}. */
    int fd() {
        return socket.fd();
    }

    /** A message's payload, to be written and then sent. Of the number of bytes that {@link #send} finds written. */
    ByteBuffer payload() {
        return output.clear().position(VhostUserConstants.HEADER_SIZE);
    }

    /**
     * Sends what was written to {@link #payload}.
     *
     * @param flags beside the version
     * @param files numbers of open files that go with it
     */
    void send(Request request, int flags, int... files) throws VhostUserException {
        requireTime();
        int size = output.position() - VhostUserConstants.HEADER_SIZE;
        output.putInt(0, request.code()).putInt(VhostUserConstants.HEADER_FLAGS, VhostUserConstants.VERSION | flags)
                .putInt(VhostUserConstants.HEADER_PAYLOAD_SIZE, size).flip();
        long end = end();
        try {
            boolean hasBegun = false;
            while (output.hasRemaining()) {
                int sent = hasBegun || files.length == 0 ? socket.send(output) : socket.send(output, files);
                if (sent == UnixSocket.WOULD_BLOCK) {
                    await(Fd.POLLOUT, request, end);
                } else {
                    hasBegun = true;
                }
            }
        } catch (LinuxException e) {
            throw VhostUserException.gone("has closed the connection: " + e.getMessage());
        }
    }

    /** The reply to a request of which no file comes back. */
    ByteBuffer reply(Request request, int size) throws VhostUserException {
        return reply(request, size, size);
    }

    /** As {@link #replyWithFile}, to a request of which no file comes back. */
    ByteBuffer reply(Request request, int least, int most) throws VhostUserException {
        return receive(request, least, most, false).payload();
    }

    /**
     * The reply to a request of which a file comes back.
     *
     * @param least bytes of its payload
     * @param most  at most {@link #MAX_MESSAGE}
     */
    Reply replyWithFile(Request request, int least, int most) throws VhostUserException {
        return receive(request, least, most, true);
    }

    /** Received without room for them, files are dropped by the kernel. */
    private Reply receive(Request request, int least, int most, boolean isFileTaken) throws VhostUserException {
        long end = end();
        Optional<Fd> file = Optional.empty();
        try {
            input.clear().limit(VhostUserConstants.HEADER_SIZE);
            while (input.hasRemaining()) {
                await(Fd.POLLIN, request, end);
                if (isFileTaken && file.isEmpty()) {
                    UnixSocket.Received received = socket.receiveWithDescriptor(input);
                    file = received.descriptor();
                    requireOpen(received.count());
                } else {
                    requireOpen(socket.receive(input));
                }
            }
            int size = checkedSize(request, least, most);
            input.clear().limit(size);
            while (input.hasRemaining()) {
                await(Fd.POLLIN, request, end);
                requireOpen(socket.receive(input));
            }
            return new Reply(input.flip(), file);
        } catch (VhostUserException e) {
            file.ifPresent(Fd::close);
            throw e;
        } catch (LinuxException e) {
            file.ifPresent(Fd::close);
            throw VhostUserException.gone("has closed the connection: " + e.getMessage());
        }
    }

    private static void requireOpen(int received) throws VhostUserException {
        if (received == 0) {
            throw VhostUserException.gone("has closed the connection");
        }
    }

    private int checkedSize(Request request, int least, int most) throws VhostUserException {
        int code = input.getInt(0);
        int flags = input.getInt(VhostUserConstants.HEADER_FLAGS);
        long size = Integer.toUnsignedLong(input.getInt(VhostUserConstants.HEADER_PAYLOAD_SIZE));
        if (code != request.code() || (flags & VhostUserConstants.FLAG_REPLY) == 0
                || (flags & VhostUserConstants.VERSION_MASK) != VhostUserConstants.VERSION) {
            throw VhostUserException.breach("has answered " + request + " by message " + Integer.toUnsignedString(code) + " with flags 0x"
                    + Integer.toHexString(flags));
        }
        if (size < least || size > most) {
            throw VhostUserException.breach("has answered " + request + " by " + size + " bytes in place of " + least
                    + (least == most ? "" : " to " + most));
        }
        return (int) size;
    }

    private void await(int event, Request request, long end) throws LinuxException, VhostUserException {
        while (true) {
            requireTime();
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (socket.poll(event, (int) Math.max(0, Math.min(left, SLICE_MILLIS))) != 0) {
                return;
            }
            if (left <= 0) {
                throw VhostUserException.gone("has not answered " + request + " within " + patience.toMillis() + " ms");
            }
            whileWaiting.run();
        }
    }

    private void requireTime() throws VhostUserException {
        if (hurry.getAsBoolean()) {
            throw VhostUserException.gone("is not waited for, as the device ends");
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
