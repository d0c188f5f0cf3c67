package io.vmm4j.devices.virtio.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One connection as the host has it: a pair of byte streams, such as a Unix socket.
 *
 * <p>All methods are called on the event loop and none blocks. Notifications are one-shot: they follow a call that could
 * move nothing. So a connection whose other side takes nothing at the moment wakes nobody, even when this side has data
 * or has hung up.
 */
public interface VsockStream {

    /** How a stream wakes its device; on the event loop, never from inside a call to the stream. Extra calls are harmless. */
    interface Listener {

        /** There may be data, or the end of it, after {@link #read} found none. */
        void readable();

        /** There may be room after {@link #write} did not take all. */
        void writable();

        /**
         * The other side is gone altogether: it takes no data any more, and what {@link #read} still finds is all there
         * will be.
         */
        void hungUp();
    }

    /** The first call: who is to be told. */
    void open(Listener listener);

    /**
     * The guest has accepted a connection that the host made; data follows.
     *
     * @param hostPort the port that was chosen for the host's side
     */
    void established(long hostPort);

    /**
     * Reads what there is, up to the room in {@code target}, which is direct and may be guest RAM.
     *
     * @return bytes read; 0 when there are none now, and then {@link Listener#readable} follows; -1 at the end, again and again
     * @throws IOException when the connection broke
     */
    int read(ByteBuffer target) throws IOException;

    /**
     * Writes what fits of {@code source}, which is direct and may be guest RAM.
     *
     * @return bytes taken; when that is not all, {@link Listener#writable} follows
     * @throws IOException when the other side takes no more; reading goes on
     */
    int write(ByteBuffer source) throws IOException;

    /** The guest receives no more: the other side's writes may fail from now on. */
    void shutdownInput();

    /** The guest sends no more: the other side finds the end behind what was written. */
    void shutdownOutput();

    /** The connection is over, or was refused. No listener is called any more. A second call does nothing. */
    void close();
}
