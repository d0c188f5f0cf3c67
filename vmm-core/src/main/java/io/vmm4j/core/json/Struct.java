package io.vmm4j.core.json;

import java.util.Arrays;
import java.util.List;

/**
 * An object with known fields; an array of their values in order is taken as well, as serde does.
 *
 * @param <T> the record it is read into
 */
public abstract class Struct<T> extends Shape<T> {

    private static final Object UNSET = new Object();

    private final String name;
    private final boolean isStrict;
    private final boolean takesArrays;
    private final List<Field> fields;

    /**
     * @param name     the type's name in messages
     * @param isStrict whether unknown fields are refused, not passed over
     * @param fields   in the order in which messages list them
     */
    protected Struct(String name, boolean isStrict, Field... fields) {
        this.name = name;
        this.isStrict = isStrict;
        this.takesArrays = true;
        this.fields = List.of(fields);
    }

    /** A strict one that is written as an object only. */
    Struct(String name, Field... fields) {
        this.name = name;
        this.isStrict = true;
        this.takesArrays = false;
        this.fields = List.of(fields);
    }

    /**
     * Makes the record.
     *
     * @throws SerdeException by {@link SerdeException#custom}, when the values do not go together
     */
    protected abstract T build(Values values) throws SerdeException;

    @Override
    final T read(Reading reading) throws SerdeException {
        int next = reading.peekValue();
        if (next != '{' && (next != '[' || !takesArrays)) {
            throw reading.invalidType("struct " + name);
        }
        boolean isMap = next == '{';
        reading.enter();
        Object[] values = new Object[fields.size()];
        Arrays.fill(values, UNSET);
        SerdeException failure = null;
        try {
            if (isMap) {
                readMap(reading, values);
            } else {
                readSequence(reading, values);
            }
        } catch (SerdeException e) {
            failure = e;
        }
        reading.leave();
        Nesting.end(reading, isMap, failure);
        return build(new Values(fields, values));
    }

    private void readMap(Reading reading, Object[] values) throws SerdeException {
        boolean isFirst = true;
        while (reading.hasKey(isFirst)) {
            isFirst = false;
            String key = reading.tokens().takeString();
            int field = indexOf(key);
            if (field < 0) {
                refuseIfStrict(key);
                reading.colon();
                reading.ignore();
                continue;
            }
            if (values[field] != UNSET) {
                throw SerdeException.custom("duplicate field `" + key + "`");
            }
            reading.colon();
            values[field] = fields.get(field).shape().read(reading);
        }
        for (int i = 0; i < values.length; i++) {
            if (values[i] == UNSET) {
                values[i] = absent(fields.get(i));
            }
        }
    }

    private int indexOf(String key) {
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).name().equals(key)) {
                return i;
            }
        }
        return -1;
    }

    private void refuseIfStrict(String key) throws SerdeException {
        if (isStrict) {
            String[] names = new String[fields.size()];
            for (int i = 0; i < names.length; i++) {
                names[i] = fields.get(i).name();
            }
            throw SerdeException.custom("unknown field `" + key + "`, expected " + OneOf.list(names));
        }
    }

    private static Object absent(Field field) throws SerdeException {
        if (field.hasDefault()) {
            return field.byDefault();
        }
        if (field.shape().mayBeAbsent()) {
            return null;
        }
        throw SerdeException.custom("missing field `" + field.name() + "`");
    }

    private void readSequence(Reading reading, Object[] values) throws SerdeException {
        for (int i = 0; i < values.length; i++) {
            Field field = fields.get(i);
            if (reading.hasElement(i == 0)) {
                values[i] = field.shape().read(reading);
            } else if (field.hasDefault()) {
                values[i] = field.byDefault();
            } else {
                throw SerdeException.custom("invalid length " + i + ", expected struct " + name + " with " + values.length
                        + (values.length == 1 ? " element" : " elements"));
            }
        }
    }
}
