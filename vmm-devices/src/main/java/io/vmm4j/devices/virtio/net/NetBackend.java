package io.vmm4j.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;

/**
 * The host's side of a network device: a port that frames go in and out of, each with the 12-byte header of virtio 1.2
 * section 5.1.6 before it.
 *
 * <p>All methods are called on the event loop and none blocks. Notifications are one-shot: they follow a call that could
 * move nothing, so a device that cannot take frames at the moment is not woken over and over.
 */
public interface NetBackend {

    /** Where the backend tells that it is worth another try; on the event loop, never from inside a call to the backend. Extra calls are harmless. */
    interface Listener {

        /** Frames may be there again, after {@link #receive} found none. */
        void readable(int pair);

        /** Frames may be taken again, after {@link #send} refused one. */
        void writable(int pair);
    }

    /** Queue pairs it can serve, 1 or more. Constant. */
    int queuePairs();

    /** What it can do to frames from the guest, and leave undone on those for it. Constant. */
    Set<NetOffload> offloads();

    /** A driver has started: {@link #setOffloads} and {@link #setActivePairs} follow, then frames. */
    void start(Listener listener);

    /** Settles which offloads frames for the guest may need, a subset of {@link #offloads()}. */
    void setOffloads(Set<NetOffload> accepted);

    /** Settles that pairs 0 to {@code pairs} - 1 are in use: frames for the guest come on no others. */
    void setActivePairs(int pairs);

    /**
     * Takes the next frame for the guest.
     *
     * @param frame direct; from its position on the header and the frame are written, which moves the position; what is
     *              longer than the space is cut off
     * @return bytes written, header included; 0 when there is none, and then {@link Listener#readable} follows once there is
     * @throws IOException when the port fails; {@link Listener#readable} follows when it recovers
     */
    int receive(int pair, ByteBuffer frame) throws IOException;

    /**
     * Sends one frame of the guest, whose header was checked.
     *
     * @param pieces of each, position to limit counts; the first {@code count}, one behind the other, are the header and the
     *               frame. Direct, in guest RAM for the most part, so the guest may still change them
     * @return false when it has no room: nothing was taken, positions are where they were, and {@link Listener#writable} follows
     * @throws IOException when the frame could not be sent and never will be
     */
    boolean send(int pair, ByteBuffer[] pieces, int count) throws IOException;

    /** The driver is gone: no listener is called any more. A second call does nothing. */
    void stop();
}
