package io.vmm4j.core.json;

/**
 * What a value has to be, and the reading of one. Immutable, shared by threads.
 *
 * @param <T> what a value is read into
 */
public abstract class Shape<T> {

    Shape() {
    }

    /**
     * Reads a body that is one value and nothing else.
     *
     * @throws SerdeException when it is not
     */
    public final T read(byte[] body) throws SerdeException {
        JsonTokens tokens = new JsonTokens(body);
        Reading reading = new Reading(tokens);
        T value = read(reading);
        if (tokens.peek() != JsonTokens.END) {
            throw tokens.faultNext("trailing characters");
        }
        return value;
    }

    abstract T read(Reading reading) throws SerdeException;

    /** What an absent field of this shape is: only something optional may be absent. */
    boolean mayBeAbsent() {
        return false;
    }
}
