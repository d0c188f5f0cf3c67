package io.vmm4j.core.control;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** A process that listens at the path it is given, says so, and answers nobody. */
final class ListeningProcess {

    private ListeningProcess() {
    }

    public static void main(String[] args) throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(args[0]));
            System.out.println("listening");
            System.in.read();
        }
    }
}
