package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Numbers in records as JSON: a component is a key in lower case with underscores, what is empty is left out. */
final class RecordJson {

    private RecordJson() {
    }

    /** The object that {@code values} is. */
    static ObjectNode of(Record values) {
        ObjectNode json = ControlMessage.object();
        for (RecordComponent component : values.getClass().getRecordComponents()) {
            put(json, component.getName().replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT), valueOf(component, values));
        }
        return json;
    }

    private static Object valueOf(RecordComponent component, Record of) {
        try {
            return component.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the number " + component.getName() + " cannot be read", e);
        }
    }

    private static void put(ObjectNode json, String key, Object value) {
        if (value instanceof Record values) {
            json.set(key, of(values));
        } else if (value instanceof Optional<?> one) {
            one.ifPresent(present -> put(json, key, present));
        } else if (value instanceof Map<?, ?> many) {
            ObjectNode each = json.putObject(key);
            many.entrySet().stream().sorted((a, b) -> a.getKey().toString().compareTo(b.getKey().toString()))
                    .forEach(entry -> put(each, entry.getKey().toString(), entry.getValue()));
        } else if (value instanceof Number number) {
            json.put(key, number.longValue());
        } else if (value instanceof Boolean truth) {
            json.put(key, truth);
        } else if (value != null) {
            json.put(key, value.toString());
        }
    }
}
