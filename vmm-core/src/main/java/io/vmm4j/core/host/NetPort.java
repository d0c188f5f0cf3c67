package io.vmm4j.core.host;

import io.vmm4j.devices.virtio.net.NetBackend;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** What a network device stands on, opened, before there is a device. Not thread-safe. */
public interface NetPort extends AutoCloseable {

    /** The largest packet that the guest is told to send when the configuration says nothing, in bytes; empty for nothing. */
    OptionalInt packetLimit();

    /**
     * Makes the port of a device. Once.
     *
     * @param loop   the device's, not running yet
     * @param onLoss hears at most once, on the loop, when the other side is gone for good, and why, such as {@code passt has ended}
     * @throws IOException when the host cannot watch it
     */
    NetBackend attach(EpollEventLoop loop, Consumer<String> onLoss) throws IOException;

    /** Gives back what was opened. The loop has ended, or there was none. A second call does nothing. */
    @Override
    void close();
}
