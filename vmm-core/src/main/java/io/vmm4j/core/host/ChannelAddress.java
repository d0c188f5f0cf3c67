package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** How the platform's channels reach a Unix socket whose path is longer than they take. */
public final class ChannelAddress {

    /** Most bytes of an address: one less than the kernel itself takes. */
    static final int MAX = 106;

    private ChannelAddress() {
    }

    /** Whether channels take {@code path} as it is. */
    public static boolean isShort(String path) {
        return path.getBytes(StandardCharsets.UTF_8).length <= MAX;
    }

    /**
     * A channel that is connected to the socket at {@code path}, of any length.
     *
     * @throws IOException when nobody listens there
     */
    public static SocketChannel connect(Path path) throws IOException {
        if (isShort(path.toString())) {
            return SocketChannel.open(UnixDomainSocketAddress.of(path));
        }
        try (Fd file = Fd.open(path, Fd.O_PATH)) {
            return SocketChannel.open(UnixDomainSocketAddress.of("/proc/self/fd/" + file.value()));
        }
    }
}
