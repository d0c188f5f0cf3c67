package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NetInterfaceTest {

    private static Optional<NetInterface> find(String name) throws LinuxException {
        try {
            return NetInterface.find(name);
        } catch (LinuxException e) {
            assumeTrue(!e.call().startsWith("socket"), "no netlink socket here: " + e.getMessage());
            throw e;
        }
    }

    @Test
    void theLoopbackIsFoundWithItsNumbers() throws Exception {
        NetInterface lo = find("lo").orElseThrow();
        assertEquals("lo", lo.name());
        assertEquals(1, lo.index());
        assertTrue((lo.flags() & NetInterface.IFF_LOOPBACK) != 0);
        assertTrue(lo.mtu() >= 16436, lo.toString());
        assertFalse(lo.isTap());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonesuch", "lo2", "l", "tap%d", "fifteen-bytes-x", "sixteen-bytes-xx", "größe", "a name that is far too long"})
    void whatThereIsNotIsNotFound(String name) throws Exception {
        assertEquals(Optional.empty(), find(name));
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "true, 1"})
    void aTapIsOneAndSaysHowManyQueuesAreInUse(boolean multiQueue, int queues) throws Exception {
        Tap tap;
        try {
            tap = Tap.open("vmmtest%d", multiQueue);
        } catch (LinuxException e) {
            assumeTrue(false, "no tap devices here: " + e.getMessage());
            return;
        }
        try (tap) {
            NetInterface found = find(tap.name()).orElseThrow();
            assertTrue(found.isTap() && found.kind().equals("tun"), found.toString());
            assertEquals(multiQueue, found.multiQueue());
            assertEquals(queues, found.queues());
            assertEquals(1500, found.mtu());
            assertFalse(found.isUp());
        }
        assertEquals(Optional.empty(), find(tap.name()), "gone with its last program");
    }
}
