package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

final class HostRandomTest {

    @Test
    void allOfTheRangeIsFilledAndNothingElse() throws Exception {
        ByteBuffer buffer = ByteBuffer.allocateDirect(70_000);
        HostRandom.fill(buffer.position(1000).limit(69_000));
        assertEquals(69_000, buffer.position());
        buffer.clear();
        for (int i = 0; i < 1000; i++) {
            assertEquals(0, buffer.get(i), "before the range");
            assertEquals(0, buffer.get(69_000 + i), "behind the range");
        }
        for (int at = 1000; at < 69_000; at += 16) {
            assertFalse(buffer.getLong(at) == 0 && buffer.getLong(at + 8) == 0, "16 bytes of zero at " + at);
        }
    }

    @Test
    void noTwoFillsAreAlike() throws Exception {
        ByteBuffer first = ByteBuffer.allocateDirect(64);
        ByteBuffer second = ByteBuffer.allocateDirect(64);
        HostRandom.fill(first);
        HostRandom.fill(second);
        assertNotEquals(first.flip(), second.flip());
    }
}
