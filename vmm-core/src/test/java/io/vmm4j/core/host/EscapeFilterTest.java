package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EscapeFilterTest {
    private final EscapeFilter filter = new EscapeFilter();

    private String pass(String typed) {
        byte[] in = typed.getBytes(StandardCharsets.ISO_8859_1);
        byte[] out = new byte[in.length + 1];
        return new String(out, 0, filter.filter(in, in.length, out), StandardCharsets.ISO_8859_1);
    }

    @Test
    void ordinaryKeysAndCtrlCPass() {
        assertEquals("ls\r\u0003\u001b[A\u00ff", pass("ls\r\u0003\u001b[A\u00ff"), "bytes for the guest");
        assertFalse(filter.stopAsked(), "no end was asked for");
    }

    @Test
    void ctrlAXAsksForTheEnd() {
        pass("\u0001x");
        assertTrue(filter.stopAsked(), "end asked for");
    }

    @Test
    void ctrlAXCountsAcrossTwoReads() {
        assertEquals("", pass("\u0001"), "Ctrl-A waits for the next key");
        pass("x");
        assertTrue(filter.stopAsked(), "end asked for");
    }

    @Test
    void anXAloneIsAKey() {
        assertEquals("xx", pass("xx"), "bytes for the guest");
        assertFalse(filter.stopAsked(), "no end was asked for");
    }

    @Test
    void ctrlATwiceIsOneCtrlA() {
        assertEquals("\u0001x", pass("\u0001\u0001x"), "the x after it is an ordinary key");
        assertFalse(filter.stopAsked(), "no end was asked for");
    }

    @Test
    void ctrlAHAsksForHelpOnce() {
        assertEquals("ab", pass("a\u0001hb"), "the command itself is not for the guest");
        assertTrue(filter.takeHelpAsked(), "help asked for");
        assertFalse(filter.takeHelpAsked(), "once");
    }

    @Test
    void ctrlABeforeAnotherKeyPassesWithIt() {
        assertEquals("\u0001d", pass("\u0001d"), "bytes for the guest");
        assertEquals("", pass("\u0001"), "Ctrl-A waits");
        assertEquals("\u0001\r", pass("\r"), "a Ctrl-A that waited, and its key: one byte more than came in");
    }

    @Test
    void aConsoleThatCanBeLeftIsLeftByD() {
        EscapeFilter leaving = new EscapeFilter(true);
        byte[] out = new byte[16];
        int n = leaving.filter(new byte[] {'l', 's', 1, 'd', 'x'}, 5, out);
        assertEquals("ls", new String(out, 0, n, java.nio.charset.StandardCharsets.ISO_8859_1));
        assertTrue(leaving.leaveAsked());
    }

    @Test
    void elsewhereThatIsForTheGuest() {
        byte[] out = new byte[16];
        assertEquals(2, filter.filter(new byte[] {1, 'd'}, 2, out));
        assertFalse(filter.leaveAsked());
    }
}
