package io.vmm4j.core.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;

/**
 * The shape of a record by its components alone: each may be absent, and its key is its name with the words set apart. See
 * {@link ComponentShapes} for what is read; every other value is refused, and an array in a record's place. Immutable.
 *
 * @param <T> the record
 */
public final class RecordShape<T> extends Struct<T> {

    private static final ClassValue<RecordShape<?>> KNOWN = new ClassValue<>() {
        @Override
        protected RecordShape<?> computeValue(Class<?> type) {
            return make(type, '_');
        }
    };

    private final Constructor<T> constructor;

    private RecordShape(Class<T> type, Constructor<T> constructor, Field[] fields) {
        super(type.getSimpleName(), fields);
        this.constructor = constructor;
    }

    /**
     * The shape of a record with keys as {@code path_on_host}.
     *
     * @throws IllegalArgumentException when {@code type} is no record, or one that may not be made from here
     */
    @SuppressWarnings("unchecked") // made for this very class
    public static <T> RecordShape<T> of(Class<T> type) {
        return (RecordShape<T>) KNOWN.get(type);
    }

    /** The shape of a record with keys as {@code boot-source}; those of the records in it are as {@link #of} has them. */
    public static <T> RecordShape<T> hyphenated(Class<T> type) {
        return make(type, '-');
    }

    private static <T> RecordShape<T> make(Class<T> type, char separator) {
        RecordComponent[] components = type.getRecordComponents();
        if (components == null) {
            throw new IllegalArgumentException(type + " is no record");
        }
        Class<?>[] types = new Class<?>[components.length];
        Field[] fields = new Field[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            fields[i] = Field.of(key(components[i].getName(), separator), Shapes.optional(ComponentShapes.of(components[i])));
        }
        try {
            Constructor<T> constructor = type.getDeclaredConstructor(types);
            constructor.setAccessible(true);
            return new RecordShape<>(type, constructor, fields);
        } catch (NoSuchMethodException | RuntimeException e) {
            throw new IllegalArgumentException(type + " cannot be made from here", e);
        }
    }

    private static String key(String name, char separator) {
        StringBuilder key = new StringBuilder(name.length() + 4);
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (Character.isUpperCase(c)) {
                key.append(separator);
            }
            key.append(Character.toLowerCase(c));
        }
        return key.toString();
    }

    @Override
    protected T build(Values values) throws SerdeException {
        try {
            return constructor.newInstance(values.all());
        } catch (InvocationTargetException e) {
            throw SerdeException.custom(String.valueOf(e.getCause().getMessage()));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record whose constructor was made accessible is not", e);
        }
    }
}
