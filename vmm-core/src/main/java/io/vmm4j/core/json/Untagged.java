package io.vmm4j.core.json;

/**
 * A value that is either text or of another shape. What is neither is refused without saying why, as serde refuses a value that
 * no variant of an untagged enum takes.
 *
 * @param <T> what a value of the other shape is read into
 */
public final class Untagged<T> extends Shape<Object> {

    private final String name;
    private final Shape<T> other;

    /**
     * @param name  the type's name in messages
     * @param other the other shape
     */
    public Untagged(String name, Shape<T> other) {
        this.name = name;
        this.other = other;
    }

    /** A {@link String}, or what the other shape reads. */
    @Override
    Object read(Reading reading) throws SerdeException {
        if (reading.peekValue() == '"') {
            return reading.tokens().takeString();
        }
        int start = reading.tokens().index();
        Shapes.ANY.read(reading);
        try {
            return other.read(reading.tokens().slice(start));
        } catch (SerdeException e) {
            throw SerdeException.custom("data did not match any variant of untagged enum " + name);
        }
    }
}
