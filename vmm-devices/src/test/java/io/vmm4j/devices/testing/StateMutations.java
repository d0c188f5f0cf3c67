package io.vmm4j.devices.testing;

import io.vmm4j.devices.state.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * States that are one value off a given one, at every place in its tree: what an attacker's file may hold. A number becomes each of the
 * extremes, bytes become none, more and others, a list loses and repeats an element, a value goes, and a value is of another kind.
 */
public final class StateMutations {

    private static final long[] NUMBERS = {Long.MIN_VALUE, Integer.MIN_VALUE, -1, 0, 1, 2, 0x7F, 0xFF, 0xFFFF, Integer.MAX_VALUE, 0xFFFF_FFFFL,
            0x1_0000_0000L, Long.MAX_VALUE};
    private static final int[] BITS = {0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63};
    private static final int MANY_BYTES = 1 << 20;

    private StateMutations() {
    }

    /**
     * One of them.
     *
     * @param name  what was done where, for a message
     * @param state the state
     */
    public record Mutation(String name, State state) {

        @Override
        public String toString() {
            return name;
        }
    }

    /** All mutations of {@code state}. */
    public static List<Mutation> of(State state) {
        List<Mutation> all = new ArrayList<>();
        for (String name : state.names()) {
            all.add(new Mutation("no " + name, with(state, name, null)));
            state.accept(new State.Visitor<RuntimeException>() {
                @Override
                public void integer(String each, long value) {
                    if (each.equals(name)) {
                        all.addAll(ofInteger(state, name, value));
                    }
                }

                @Override
                public void bytes(String each, byte[] value) {
                    if (each.equals(name)) {
                        all.addAll(ofBytes(state, name, value));
                    }
                }

                @Override
                public void text(String each, String value) {
                    if (each.equals(name)) {
                        all.add(new Mutation("long " + name, with(state, name, "x".repeat(MANY_BYTES))));
                        all.add(new Mutation(name + " a number", with(state, name, 1L)));
                    }
                }

                @Override
                public void part(String each, State value) {
                    if (each.equals(name)) {
                        all.add(new Mutation(name + " a number", with(state, name, 1L)));
                        of(value).forEach(inner -> all.add(new Mutation(name + "." + inner, with(state, name, inner.state))));
                    }
                }

                @Override
                public void parts(String each, List<State> value) {
                    if (each.equals(name)) {
                        all.addAll(ofParts(state, name, value));
                    }
                }
            });
        }
        return all;
    }

    private static List<Mutation> ofInteger(State state, String name, long value) {
        List<Mutation> all = new ArrayList<>();
        for (long number : NUMBERS) {
            all.add(new Mutation(name + "=" + number, with(state, name, number)));
        }
        for (int bit : BITS) {
            all.add(new Mutation(name + " bit " + bit, with(state, name, value ^ 1L << bit)));
        }
        all.add(new Mutation(name + " bytes", with(state, name, new byte[] {1})));
        return all;
    }

    private static List<Mutation> ofBytes(State state, String name, byte[] value) {
        List<Mutation> all = new ArrayList<>();
        all.add(new Mutation("empty " + name, with(state, name, new byte[0])));
        all.add(new Mutation("one " + name, with(state, name, new byte[] {(byte) 0xFF})));
        all.add(new Mutation("long " + name, with(state, name, new byte[MANY_BYTES])));
        all.add(new Mutation(name + " a number", with(state, name, 1L)));
        byte[] ones = new byte[value.length];
        Arrays.fill(ones, (byte) 0xFF);
        all.add(new Mutation("full " + name, with(state, name, ones)));
        return all;
    }

    private static List<Mutation> ofParts(State state, String name, List<State> value) {
        List<Mutation> all = new ArrayList<>();
        all.add(new Mutation("empty " + name, with(state, name, List.of())));
        if (value.isEmpty()) {
            return all;
        }
        List<State> more = new ArrayList<>(value);
        more.add(value.get(0));
        all.add(new Mutation("longer " + name, with(state, name, more)));
        for (int i = 0; i < value.size(); i++) {
            int at = i;
            of(value.get(i)).forEach(inner -> {
                List<State> changed = new ArrayList<>(value);
                changed.set(at, inner.state);
                all.add(new Mutation(name + "[" + at + "]." + inner, with(state, name, changed)));
            });
        }
        return all;
    }

    /** {@code state} with another value of that name; {@code null} for none. */
    @SuppressWarnings("unchecked") // a list is one of states
    public static State with(State state, String name, Object value) {
        State.Builder next = State.builder();
        state.accept(new Copier(next, name));
        if (value instanceof Long number) {
            next.put(name, number);
        } else if (value instanceof byte[] bytes) {
            next.put(name, bytes);
        } else if (value instanceof String text) {
            next.put(name, text);
        } else if (value instanceof State part) {
            next.put(name, part);
        } else if (value != null) {
            next.put(name, (List<State>) value);
        }
        return next.build();
    }

    private record Copier(State.Builder next, String without) implements State.Visitor<RuntimeException> {

        @Override
        public void integer(String name, long value) {
            if (!name.equals(without)) {
                next.put(name, value);
            }
        }

        @Override
        public void bytes(String name, byte[] value) {
            if (!name.equals(without)) {
                next.put(name, value);
            }
        }

        @Override
        public void text(String name, String value) {
            if (!name.equals(without)) {
                next.put(name, value);
            }
        }

        @Override
        public void part(String name, State value) {
            if (!name.equals(without)) {
                next.put(name, value);
            }
        }

        @Override
        public void parts(String name, List<State> value) {
            if (!name.equals(without)) {
                next.put(name, value);
            }
        }
    }
}
