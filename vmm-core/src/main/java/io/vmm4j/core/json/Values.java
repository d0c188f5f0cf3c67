package io.vmm4j.core.json;

import java.util.List;

/** The values of a struct's fields, by name. */
public final class Values {

    private final List<Field> fields;
    private final Object[] values;

    Values(List<Field> fields, Object[] values) {
        this.fields = fields;
        this.values = values;
    }

    /** The field's value, of the type that its shape reads; {@code null} when optional and not there. */
    @SuppressWarnings("unchecked") // the shape beside the name says which type
    public <T> T get(String name) {
        for (int i = 0; i < values.length; i++) {
            if (fields.get(i).name().equals(name)) {
                return (T) values[i];
            }
        }
        throw new IllegalArgumentException("no field " + name);
    }

    /** All of them, in the order of the fields. */
    Object[] all() {
        return values.clone();
    }
}
