package io.vmm4j.core.json;

/**
 * A field of a {@link Struct}.
 *
 * @param name       its key
 * @param shape      what its value has to be
 * @param hasDefault whether it may be absent although its shape may not
 * @param byDefault  what it is then
 */
public record Field(String name, Shape<?> shape, boolean hasDefault, Object byDefault) {

    /** A field that has to be there, unless its shape may be absent. */
    public static Field of(String name, Shape<?> shape) {
        return new Field(name, shape, false, null);
    }

    /** A field that is {@code byDefault} when absent. */
    public static <T> Field withDefault(String name, Shape<T> shape, T byDefault) {
        return new Field(name, shape, true, byDefault);
    }
}
