package io.vmm4j.core.json;

/**
 * Text that has to be of some form. What is wrong with the form is reported where the object around it ends, as with serde's
 * hand-written readers.
 *
 * @param <T> what the text is read into
 */
public abstract class Converted<T> extends Shape<T> {

    @Override
    final T read(Reading reading) throws SerdeException {
        return convert(Shapes.STRING.read(reading));
    }

    /**
     * Reads {@code text}.
     *
     * @throws SerdeException by {@link SerdeException#custom}, when it is not of the form
     */
    protected abstract T convert(String text) throws SerdeException;
}
