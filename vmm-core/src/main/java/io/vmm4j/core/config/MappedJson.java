package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidNullException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Reads and writes records by Jackson's data binding, which tells of a mistake where it is and what was expected there, and takes its time to
 * get ready. Thread-safe.
 */
final class MappedJson {

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

    /** Enough to see what is wrong, and an end to a text that is something else altogether. */
    private static final int MOST_PROBLEMS = 20;

    private MappedJson() {
    }

    /** See {@link StrictJson#read}. */
    static <T> T read(String json, Class<T> type, String source) throws ConfigException {
        T value = read(json, MAPPER.constructType(type), source);
        if (value == null) {
            throw new ConfigException(source, "the value is null");
        }
        return value;
    }

    /** See {@link StrictJson#readList}. */
    static <T> List<T> readList(String json, Class<T> element, String source) throws ConfigException {
        List<T> values = read(json, MAPPER.getTypeFactory().constructCollectionType(List.class, element), source);
        if (values == null || values.contains(null)) {
            throw new ConfigException(source, "an element of the list is null");
        }
        return values;
    }

    private static <T> T read(String json, JavaType type, String source) throws ConfigException {
        if (json.isBlank()) {
            throw new ConfigException(source, "the text is empty, where JSON is expected");
        }
        try {
            return MAPPER.readValue(json, type);
        } catch (JsonMappingException e) {
            throw new ConfigException(withTheNext(e, json, type, source));
        } catch (JsonProcessingException e) {
            throw new ConfigException(problemOf(e, source));
        }
    }

    /** The problem, and those that are found once what it is about is left out. */
    private static List<ConfigProblem> withTheNext(JsonMappingException first, String json, JavaType type, String source) {
        List<ConfigProblem> problems = new ArrayList<>(problemOf(first, source));
        if (isOfText(first)) {
            return problems;
        }
        JsonMappingException found = first;
        try {
            JsonNode tree = MAPPER.readTree(json);
            while (problems.size() < MOST_PROBLEMS && remove(tree, found.getPath())) {
                try {
                    MAPPER.treeToValue(tree, type);
                    return problems;
                } catch (JsonMappingException e) {
                    String key = keyOf(e, source);
                    if (problems.stream().anyMatch(problem -> problem.key().equals(key))) {
                        return problems;
                    }
                    problems.addAll(problemOf(e, source));
                    found = e;
                }
            }
        } catch (JsonProcessingException e) {
            // The text itself is broken; the first problem may have said so already, by the field it is in.
            // The place that is named may differ: the text is read in another way.
            ConfigProblem last = new ConfigProblem(keyOf(e, source), describe(e));
            if (problems.stream().noneMatch(problem -> problem.message().startsWith(what(e)))) {
                problems.add(last);
            }
        }
        return problems;
    }

    /** Whether the text is broken, said by the field that the reader was in: behind it nothing can be read. */
    private static boolean isOfText(JsonMappingException e) {
        return e.getCause() instanceof JsonProcessingException && !(e.getCause() instanceof JsonMappingException);
    }

    /** Takes the key or element at the end of {@code path} out of {@code tree}; false when it is not there. */
    private static boolean remove(JsonNode tree, List<JsonMappingException.Reference> path) {
        if (path.isEmpty()) {
            return false;
        }
        JsonNode node = tree;
        for (JsonMappingException.Reference step : path.subList(0, path.size() - 1)) {
            node = step.getFieldName() == null ? node.path(step.getIndex()) : node.path(step.getFieldName());
        }
        JsonMappingException.Reference last = path.get(path.size() - 1);
        if (node instanceof ObjectNode object && last.getFieldName() != null) {
            return object.remove(last.getFieldName()) != null;
        }
        // An element is made a thing of nothing: the next ones keep their numbers.
        return node instanceof ArrayNode list && list.path(last.getIndex()).isContainerNode() && !list.path(last.getIndex()).isEmpty()
                && list.set(last.getIndex(), list.path(last.getIndex()).isArray() ? list.arrayNode() : list.objectNode()) != null;
    }

    private static List<ConfigProblem> problemOf(JsonProcessingException e, String source) {
        return List.of(new ConfigProblem(keyOf(e, source), describe(e)));
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
        return TextMistake.inWords(e.getOriginalMessage().replaceAll("\\[Source: [^;]*; ([^]]*)]", "$1"));
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
        // What was read from a tree has no place in the text.
        return location == null || location.getLineNr() < 0 ? "" : " at line " + location.getLineNr() + " column " + location.getColumnNr();
    }
}
