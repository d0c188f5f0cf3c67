package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * JSON into records, strictly: a key that does not exist, a key given twice, a value of the wrong type and a null in a list
 * are refused by name, each in one line. Thread-safe.
 */
public final class StrictJson {

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .withCoercionConfig(LogicalType.Textual, texts -> texts
                    .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .defaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL))
            .build();

    private StrictJson() {
    }

    /**
     * Reads one record.
     *
     * @param source what to call the text in a message where no field can be named
     * @throws ConfigException with one problem, whose key is the field's path or {@code source}
     */
    public static <T> T read(String json, Class<T> type, String source) throws ConfigException {
        try {
            T value = MAPPER.readValue(json, type);
            if (value == null) {
                throw new ConfigException(source, "the value is null");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new ConfigException(keyOf(e, source), describe(e));
        }
    }

    /** Reads a list of records; otherwise as {@link #read}. A problem's key begins with the element's {@code [index]}. */
    public static <T> List<T> readList(String json, Class<T> element, String source) throws ConfigException {
        try {
            List<T> values = MAPPER.readValue(json, MAPPER.getTypeFactory().constructCollectionType(List.class, element));
            if (values == null || values.contains(null)) {
                throw new ConfigException(source, "an element of the list is null");
            }
            return values;
        } catch (JsonProcessingException e) {
            throw new ConfigException(keyOf(e, source), describe(e));
        }
    }

    /** The record as indented JSON. */
    static String write(Object value) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration record has no JSON form", e);
        }
    }

    private static String keyOf(JsonProcessingException e, String source) {
        String path = e instanceof JsonMappingException mapping ? pathOf(mapping) : "";
        return path.isEmpty() ? source : path;
    }

    private static String pathOf(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            if (step.getFieldName() != null) {
                path.append(path.length() == 0 ? "" : ".").append(step.getFieldName());
            } else {
                path.append('[').append(step.getIndex()).append(']');
            }
        }
        return path.toString();
    }

    private static String describe(JsonProcessingException e) {
        return what(e) + at(e.getLocation());
    }

    private static String what(JsonProcessingException e) {
        if (e instanceof UnrecognizedPropertyException unknown) {
            String known = unknown.getKnownPropertyIds().stream().map(Object::toString).sorted()
                    .collect(Collectors.joining(", "));
            return "unknown key \"" + unknown.getPropertyName() + "\", known are " + known;
        }
        if (e instanceof InvalidFormatException format && format.getTargetType().isEnum()) {
            return "\"" + format.getValue() + "\" is not one of " + Arrays.stream(format.getTargetType().getEnumConstants())
                    .map(Object::toString).collect(Collectors.joining(", "));
        }
        if (e instanceof JsonEOFException || e.getCause() instanceof JsonEOFException) {
            return "the text ends too early";
        }
        if (e instanceof InvalidNullException) {
            return "an element of the list is null";
        }
        if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
            return "the value is not " + nameOf(mismatch.getTargetType());
        }
        return firstLine(e.getOriginalMessage());
    }

    private static String nameOf(Class<?> type) {
        if (type == Integer.class || type == Long.class) {
            return "a whole number" + (type == Integer.class ? " of 32 bits" : "");
        }
        if (type == Boolean.class) {
            return "true or false";
        }
        if (type == String.class) {
            return "a string";
        }
        return Collection.class.isAssignableFrom(type) ? "a list" : "an object";
    }

    private static String at(JsonLocation location) {
        return location == null ? "" : " at line " + location.getLineNr() + " column " + location.getColumnNr();
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("not JSON").replaceAll("\\[Source: [^;]*; ([^]]*)]", "$1");
    }
}
