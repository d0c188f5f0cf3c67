package io.vmm4j.devices.serial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CharacterQueueTest {

    private static final int BREAK = 0x10;

    private static String drain(CharacterQueue queue) {
        StringBuilder text = new StringBuilder();
        while (!queue.isEmpty()) {
            queue.takeHeadErrors();
            text.append((char) queue.poll());
        }
        return text.toString();
    }

    @Test
    void whatIsPutBackComesFirstAndInItsOrder() {
        CharacterQueue queue = new CharacterQueue(5);
        queue.add('c', 0);
        CharacterQueue taken = new CharacterQueue(3);
        taken.add('a', 0);
        taken.add('b', 0);
        queue.putBackAll(taken);
        assertEquals(3, queue.size());
        assertTrue(taken.isEmpty());
        assertEquals("abc", drain(queue));
    }

    @Test
    void whatIsPutBackIsGoneWhereItWas() {
        CharacterQueue queue = new CharacterQueue(4);
        CharacterQueue taken = new CharacterQueue(2);
        taken.add('a', BREAK);
        queue.putBackAll(taken);
        assertFalse(taken.hasErrors(), "its error went along");
        taken.add('x', 0);
        taken.add('y', 0);
        assertEquals("xy", drain(taken));
    }

    @Test
    void errorsArePutBackWithTheirCharacters() {
        CharacterQueue queue = new CharacterQueue(4);
        queue.add('c', 0);
        CharacterQueue taken = new CharacterQueue(2);
        taken.add('a', 0);
        taken.add(0, BREAK);
        queue.putBackAll(taken);
        assertTrue(queue.hasErrors());
        assertEquals(0, queue.takeHeadErrors());
        assertEquals('a', queue.poll());
        assertEquals(BREAK, queue.takeHeadErrors());
        assertFalse(queue.hasErrors());
        assertEquals(0, queue.poll());
        assertEquals("c", drain(queue));
    }
}
