package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a guest's frames may be for where passt connects to any address. */
class LoopbackGuardTest {

    /** Big endian, behind four bytes that are not the frame's. */
    private static ByteBuffer frame(int type, int destination, byte[] address) {
        return ByteBuffer.allocate(4 + 54).putShort(4 + 12, (short) type).put(4 + destination, address).position(4);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1,false", "127.255.3.4,false", "0.0.0.0,false", "0.1.2.3,false", "128.0.0.1,true", "126.255.255.255,true", "10.0.2.2,true",
        "255.255.255.255,true"})
    void ipv4(String destination, boolean passes) throws Exception {
        ByteBuffer frame = frame(0x0800, 30, InetAddress.getByName(destination).getAddress());
        assertEquals(passes, new LoopbackGuard().passes(frame));
        assertEquals(4, frame.position());
    }

    @ParameterizedTest
    @CsvSource({"::1,false", "::,false", "::2,true", "fe80::1,true", "ff02::1,true", "2001:db8::1,true", "1::1,true"})
    void ipv6(String destination, boolean passes) throws Exception {
        assertEquals(passes, new LoopbackGuard().passes(frame(0x86DD, 38, InetAddress.getByName(destination).getAddress())));
    }

    @Test
    void ipv4InIpv6() {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 127, 0, 0, 1};
        assertFalse(new LoopbackGuard().passes(frame(0x86DD, 38, mapped)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0806, 0x8100, 0})
    void otherProtocolsAreNotLookedInto(int type) {
        assertTrue(new LoopbackGuard().passes(frame(type, 30, new byte[] {127, 0, 0, 1})));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 13, 14, 33, 53})
    void aFrameThatEndsBeforeItsAddressHarmsNobody(int length) {
        ByteBuffer frame = frame(length > 33 ? 0x86DD : 0x0800, 30, new byte[] {127, 0, 0, 1}).limit(4 + length);
        assertTrue(new LoopbackGuard().passes(frame));
    }
}
