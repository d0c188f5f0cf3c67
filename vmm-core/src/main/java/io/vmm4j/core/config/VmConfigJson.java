package io.vmm4j.core.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Reads and writes {@link VmConfig} as JSON under the configuration file's keys. A key that does not exist, a key given
 * twice and a value of the wrong type are refused by name. Thread-safe.
 */
public final class VmConfigJson {

    /** A configuration is a page of text; more than this, in bytes, is some other file. */
    private static final long MAX_FILE_BYTES = 1 << 20;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(com.fasterxml.jackson.databind.MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    private VmConfigJson() {
    }

    /**
     * Reads a configuration file.
     *
     * @throws ConfigException when it is not a configuration; the problem's key is {@code configuration file} or a field's
     * @throws IOException     when it cannot be read
     */
    public static VmConfig read(Path file) throws ConfigException, IOException {
        if (Files.isRegularFile(file) && Files.size(file) > MAX_FILE_BYTES) {
            throw new ConfigException(file.toString(), "a file of " + Files.size(file)
                    + " bytes is no configuration: the limit is " + MAX_FILE_BYTES);
        }
        return parse(Files.readString(file), file.toString());
    }

    /**
     * Reads a configuration from text.
     *
     * @param source what to call the text in a message, such as the file's name
     */
    public static VmConfig parse(String json, String source) throws ConfigException {
        try {
            VmConfig config = MAPPER.readValue(json, VmConfig.class);
            if (config == null) {
                throw new ConfigException(source, "the configuration is null");
            }
            return config;
        } catch (JsonProcessingException e) {
            throw new ConfigException(keyOf(e, source), describe(e));
        }
    }

    /** The configuration as indented JSON, absent fields with their defaults. */
    public static String write(VmConfig config) {
        try {
            return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(config);
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
        return java.util.Collection.class.isAssignableFrom(type) ? "a list" : "an object";
    }

    private static String at(JsonLocation location) {
        return location == null ? "" : " at line " + location.getLineNr() + " column " + location.getColumnNr();
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("not JSON");
    }
}
