package io.vmm4j.devices.state;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A tree of named values: integers of 64 bits, bytes, texts, states and lists of states. Who reads one says what may be there, since a state
 * may be anybody's. Immutable; two are equal when their names and values are, in whatever order.
 */
public final class State {

    private final Map<String, Object> values;

    private State(Map<String, Object> values) {
        this.values = values;
    }

    /** Nothing so far. */
    public static Builder builder() {
        return new Builder();
    }

    /** Has a state told value by value, in the order in which they were put in. */
    public interface Visitor<X extends Exception> {

        /** An integer, a flag as 0 or 1. */
        void integer(String name, long value) throws X;

        /** Bytes; the array is the state's own and not to be changed. */
        void bytes(String name, byte[] value) throws X;

        void text(String name, String value) throws X;

        void part(String name, State value) throws X;

        void parts(String name, List<State> value) throws X;
    }

    /** Makes a state; each name once. */
    public static final class Builder {

        private final Map<String, Object> values = new LinkedHashMap<>();

        private Builder() {
        }

        private Builder add(String name, Object value) {
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException("a second value called " + name);
            }
            return this;
        }

        public Builder put(String name, long value) {
            return add(name, value);
        }

        public Builder put(String name, boolean value) {
            return add(name, value ? 1L : 0L);
        }

        /** @param value copied */
        public Builder put(String name, byte[] value) {
            return add(name, value.clone());
        }

        public Builder put(String name, String value) {
            return add(name, value);
        }

        public Builder put(String name, State value) {
            return add(name, value);
        }

        public Builder put(String name, List<State> value) {
            return add(name, List.copyOf(value));
        }

        public State build() {
            return new State(new LinkedHashMap<>(values));
        }
    }

    /** The names in it. */
    public Set<String> names() {
        return Collections.unmodifiableSet(values.keySet());
    }

    public boolean has(String name) {
        return values.containsKey(name);
    }

    /**
     * An integer.
     *
     * @throws StateException when it is not there or not in [min, max]
     */
    public long integer(String name, long min, long max) throws StateException {
        long value = value(name, Long.class, "an integer");
        if (value < min || value > max) {
            throw new StateException(name + " is " + value + ", not in [" + min + ", " + max + "]");
        }
        return value;
    }

    /** As {@link #integer}, for one that fits an {@code int}. */
    public int int32(String name, int min, int max) throws StateException {
        return (int) integer(name, min, max);
    }

    /** Any 64 bits. */
    public long bits(String name) throws StateException {
        return integer(name, Long.MIN_VALUE, Long.MAX_VALUE);
    }

    public boolean flag(String name) throws StateException {
        return integer(name, 0, 1) == 1;
    }

    /**
     * Bytes, a copy.
     *
     * @throws StateException when they are not there or not min to max many
     */
    public byte[] bytes(String name, int min, int max) throws StateException {
        byte[] value = value(name, byte[].class, "bytes");
        if (value.length < min || value.length > max) {
            throw new StateException(name + " has " + value.length + " bytes, not " + (min == max ? min : min + " to " + max));
        }
        return value.clone();
    }

    /** @throws StateException when it is not there or longer than {@code max} characters */
    public String text(String name, int max) throws StateException {
        String value = value(name, String.class, "a text");
        if (value.length() > max) {
            throw new StateException(name + " has " + value.length() + " characters, more than " + max);
        }
        return value;
    }

    public State part(String name) throws StateException {
        return value(name, State.class, "a state");
    }

    /** @throws StateException when they are not there or not min to max many */
    @SuppressWarnings("unchecked") // lists are made by the builder alone
    public List<State> parts(String name, int min, int max) throws StateException {
        List<State> value = (List<State>) value(name, List.class, "a list");
        if (value.size() < min || value.size() > max) {
            throw new StateException(name + " has " + value.size() + " elements, not " + (min == max ? min : min + " to " + max));
        }
        return value;
    }

    private <T> T value(String name, Class<T> type, String what) throws StateException {
        Object value = values.get(name);
        if (value == null) {
            throw new StateException(name + " is missing");
        }
        if (!type.isInstance(value)) {
            throw new StateException(name + " is not " + what);
        }
        return type.cast(value);
    }

    /** Tells {@code visitor} each value. */
    @SuppressWarnings("unchecked") // lists are made by the builder alone
    public <X extends Exception> void accept(Visitor<X> visitor) throws X {
        for (Map.Entry<String, Object> each : values.entrySet()) {
            String name = each.getKey();
            Object value = each.getValue();
            if (value instanceof Long integer) {
                visitor.integer(name, integer);
            } else if (value instanceof byte[] bytes) {
                visitor.bytes(name, bytes);
            } else if (value instanceof String text) {
                visitor.text(name, text);
            } else if (value instanceof State part) {
                visitor.part(name, part);
            } else {
                visitor.parts(name, (List<State>) value);
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof State that && values.keySet().equals(that.values.keySet())
                && values.entrySet().stream().allMatch(each -> isSame(each.getValue(), that.values.get(each.getKey())));
    }

    private static boolean isSame(Object one, Object other) {
        return one instanceof byte[] bytes ? other instanceof byte[] others && Arrays.equals(bytes, others) : one.equals(other);
    }

    @Override
    public int hashCode() {
        int hash = 0;
        for (Map.Entry<String, Object> each : values.entrySet()) {
            Object value = each.getValue();
            hash += each.getKey().hashCode() * 31 + (value instanceof byte[] bytes ? Arrays.hashCode(bytes) : value.hashCode());
        }
        return hash;
    }

    /** For failures of tests: all values, bytes in hexadecimal. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        values.forEach((name, value) -> text.append(text.length() > 1 ? ", " : "").append(name).append('=')
                .append(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : value));
        return text.append('}').toString();
    }
}
