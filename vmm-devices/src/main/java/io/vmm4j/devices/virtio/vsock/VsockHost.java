package io.vmm4j.devices.virtio.vsock;

import java.io.IOException;

/** Where connections that the guest makes go: the host's side of {@link VirtioVsock}. Called on the event loop; does not block. */
@FunctionalInterface
public interface VsockHost {

    /**
     * Connects the guest to a port of the host.
     *
     * @param hostPort the port, 0 to 2^32 - 1
     * @return a stream that is open, or that is about to be: until then it reads and writes nothing
     * @throws IOException when nobody listens there; the guest's connection is refused
     */
    VsockStream connect(long hostPort) throws IOException;
}
