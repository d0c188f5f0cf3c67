package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which name servers a guest can be told. */
class NameServersTest {

    @Test
    void theyAreReadAsResolversDo(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("r"), "# nameserver 1.1.1.1\nsearch a\nnameserver 127.0.0.53\nnameserver\t2001:db8::1 \nnameserver\n");
        assertEquals(List.of("127.0.0.53", "2001:db8::1"), NameServers.in(file));
        assertEquals(List.of(), NameServers.in(directory.resolve("none")));
    }

    @Test
    void thoseOnTheLoopbackOrOfALinkOrNoAddressesAreLeftOut() {
        for (String address : List.of("127.0.0.53", "127.1.2.3", "::1", "0.0.0.0", "fe80::1%eth0", "--pcap", "a.example")) {
            assertFalse(NameServers.isBeyondLoopback(address), address);
        }
        assertTrue(NameServers.isBeyondLoopback("192.0.2.53"));
        assertTrue(NameServers.isBeyondLoopback("2001:db8::53"));
    }
}
