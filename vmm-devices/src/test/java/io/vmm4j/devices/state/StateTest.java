package io.vmm4j.devices.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class StateTest {

    private final State inner = State.builder().put("n", 7).build();
    private final State state = State.builder().put("count", -3).put("on", true).put("data", new byte[] {1, 2}).put("name", "x").put("part", inner)
            .put("list", List.of(inner, inner)).build();

    @Test
    void whatWasPutInComesOut() throws StateException {
        assertEquals(-3, state.integer("count", -3, 0));
        assertEquals(-3, state.bits("count"));
        assertTrue(state.flag("on"));
        assertArrayEquals(new byte[] {1, 2}, state.bytes("data", 2, 2));
        assertEquals("x", state.text("name", 1));
        assertEquals(7, state.part("part").int32("n", 0, 9));
        assertEquals(2, state.parts("list", 0, 2).size());
        assertTrue(state.has("name"));
        assertFalse(state.has("count2"));
    }

    @Test
    void whatCannotBeIsRefusedByName() {
        refused("count is -3, not in [0, 9]", () -> state.integer("count", 0, 9));
        refused("count is -3, not in [0, 1]", () -> state.flag("count"));
        refused("none is missing", () -> state.bits("none"));
        refused("name is not an integer", () -> state.bits("name"));
        refused("data has 2 bytes, not 3", () -> state.bytes("data", 3, 3));
        refused("data has 2 bytes, not 3 to 4", () -> state.bytes("data", 3, 4));
        refused("name has 1 characters, more than 0", () -> state.text("name", 0));
        refused("list has 2 elements, not 0 to 1", () -> state.parts("list", 0, 1));
        assertEquals("serial: n is missing", new StateException("n is missing").in("serial").getMessage());
    }

    private static void refused(String message, Executable read) {
        assertEquals(message, assertThrows(StateException.class, read).getMessage());
    }

    @Test
    void twoAreEqualWhenTheirValuesAre() {
        State one = State.builder().put("a", 1).put("b", new byte[] {1}).build();
        State same = State.builder().put("b", new byte[] {1}).put("a", 1).build();
        assertEquals(one, same);
        assertEquals(one.hashCode(), same.hashCode());
        assertNotEquals(one, State.builder().put("a", 1).put("b", new byte[] {2}).build());
        assertNotEquals(one, State.builder().put("a", 1).build());
        assertNotEquals(State.builder().put("b", "1").build(), State.builder().put("b", 1).build());
    }

    @Test
    void bytesAreCopiedBothWays() throws StateException {
        byte[] mine = {1};
        State of = State.builder().put("b", mine).build();
        mine[0] = 2;
        of.bytes("b", 1, 1)[0] = 3;
        assertEquals(1, of.bytes("b", 1, 1)[0]);
    }

    @Test
    void aNameIsGivenOnce() {
        assertThrows(IllegalArgumentException.class, () -> State.builder().put("a", 1).put("a", 2));
    }
}
