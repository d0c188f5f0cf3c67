package io.vmm4j.devices.virtio.console;

import java.nio.ByteBuffer;

/**
 * The host's side of one port: bytes in both directions, each only as fast as the other side takes them.
 *
 * <p>All methods are called on the event loop; none blocks and none throws: a host that fails takes what it is given and
 * gives nothing. Notifications are one-shot: they follow a call that did not move all.
 */
public interface ConsoleBackend {

    /** How a backend wakes its port; on the event loop, never from inside a call to the backend. Extra calls are harmless. */
    interface Listener {

        /** There may be input, after {@link #read} found none. */
        void readable();

        /** There may be room, after {@link #write} did not take all. */
        void writable();

        /** Somebody listens on the host's side, or nobody any more. Says nothing new when it says the same again. */
        void connected(boolean connected);
    }

    /** The first call, made with the device: who is to be told. */
    void open(Listener listener);

    /**
     * Reads input for the guest into {@code target}, which is guest RAM, up to its limit.
     *
     * @return bytes read; 0 when there are none, and then {@link Listener#readable} follows
     */
    int read(ByteBuffer target);

    /**
     * Writes what fits of the guest's output, which is guest RAM.
     *
     * @return bytes taken; when that is not all, {@link Listener#writable} follows
     */
    int write(ByteBuffer source);

    /** The guest has opened or closed its side. A console that is not multiport is open from activation to reset. */
    void guestOpened(boolean open);
}
