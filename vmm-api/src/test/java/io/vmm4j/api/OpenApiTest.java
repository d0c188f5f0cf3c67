package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The document says what the server does: methods, fields and their order, what is required, what is one of some names. */
class OpenApiTest extends ApiTestBase {

    private static final String BAD_BODY = "An error occurred when deserializing the json body of a request: ";
    private static final List<String> METHODS = List.of("get", "put", "patch", "delete");
    /** What the server knows, written a second time. */
    private static final Map<String, List<String>> KNOWN = Map.ofEntries(Map.entry("/", List.of("get")), Map.entry("/version", List.of("get")),
            Map.entry("/openapi.yaml", List.of("get")), Map.entry("/vm/config", List.of("get")), Map.entry("/vm", List.of("patch")),
            Map.entry("/actions", List.of("put")), Map.entry("/boot-source", List.of("put")),
            Map.entry("/machine-config", List.of("get", "put", "patch")), Map.entry("/cpu-config", List.of("put")),
            Map.entry("/drives/{drive_id}", List.of("put", "patch")), Map.entry("/network-interfaces/{iface_id}", List.of("put", "patch")),
            Map.entry("/vsock", List.of("put")), Map.entry("/balloon", List.of("get", "put", "patch")),
            Map.entry("/balloon/statistics", List.of("get", "patch")), Map.entry("/balloon/hinting/start", List.of("patch")),
            Map.entry("/balloon/hinting/stop", List.of("patch")), Map.entry("/balloon/hinting/status", List.of("get")),
            Map.entry("/entropy", List.of("put")), Map.entry("/serial", List.of("put")), Map.entry("/logger", List.of("put")),
            Map.entry("/metrics", List.of("put")), Map.entry("/snapshot/create", List.of("put")), Map.entry("/snapshot/load", List.of("put")));
    /** What it knows to refuse: the document does not have it. */
    private static final Map<String, List<String>> ABSENT = Map.of("/pmem/{id}", List.of("put", "patch", "delete"), "/mmds", List.of("get", "put", "patch"),
            "/mmds/config", List.of("put"), "/hotplug/memory", List.of("get", "put", "patch"),
            "/drives/{drive_id}", List.of("delete"), "/network-interfaces/{iface_id}", List.of("delete"));

    private JsonNode document() throws IOException {
        ApiClient.Answer answer = ApiClient.once(socket, "GET", "/openapi.yaml", null);
        assertEquals(200, answer.status());
        assertTrue(answer.head().contains("Content-Type: application/yaml"));
        return new ObjectMapper(new YAMLFactory()).readTree(answer.body());
    }

    private static JsonNode resolved(JsonNode document, JsonNode schema) {
        JsonNode direct = schema.has("allOf") ? schema.get("allOf").get(0) : schema;
        return direct.has("$ref") ? document.at(direct.get("$ref").asText().substring(1)) : direct;
    }

    private static JsonNode body(JsonNode document, JsonNode operation) {
        JsonNode schema = operation.at("/requestBody/content/application~1json/schema");
        return schema.isMissingNode() ? null : resolved(document, schema);
    }

    private static String path(String template) {
        return template.replaceAll("\\{.*}", "a");
    }

    private String fault(String method, String path, String body) throws IOException {
        ApiClient.Answer answer = ApiClient.once(socket, method.toUpperCase(Locale.ROOT), path, body);
        return answer.status() == 400 ? new ObjectMapper().readTree(answer.body()).get("fault_message").asText() : "";
    }

    @Test
    void thePathsAndMethodsAreThoseThatAreKnown() throws IOException {
        Map<String, List<String>> documented = new TreeMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> each = document().get("paths").fields(); each.hasNext();) {
            Map.Entry<String, JsonNode> path = each.next();
            documented.put(path.getKey(), METHODS.stream().filter(path.getValue()::has).toList());
        }
        assertEquals(new TreeMap<>(KNOWN), documented);
    }

    /** Of most paths the server looks at the beginning only, so that a longer one is what the shorter one is. */
    private static boolean isKnown(String path, String method) {
        boolean isWhole = path.indexOf('/', 1) < 0 || path.startsWith("/balloon/hinting/") && !method.equals("put");
        String first = isWhole ? path : path.substring(0, path.indexOf('/', 1));
        return List.of(path, first).stream().anyMatch(one -> KNOWN.getOrDefault(one, List.of()).contains(method)
                || ABSENT.getOrDefault(one, List.of()).contains(method));
    }

    @Test
    void theMethodsOfEachPathAreThoseThatTheServerKnows() throws IOException {
        Set<String> paths = new TreeSet<>(KNOWN.keySet());
        paths.addAll(ABSENT.keySet());
        paths.addAll(List.of("/nothing", "/vms", "/config", "/snapshot/delete", "/hotplug/cpu", "/balloon/hinting/x"));
        for (String path : paths) {
            for (String method : METHODS) {
                String fault = fault(method, path(path), method.equals("get") || method.equals("delete") ? null : "{}");
                boolean isInvalid = fault.startsWith("Invalid request method") || fault.startsWith("Unrecognized");
                assertEquals(isKnown(path, method), !isInvalid, method + " " + path + ": " + fault);
            }
        }
    }

    @Test
    @Tag("kvm")
    void answersHaveTheFieldsOfTheirSchemas() throws IOException {
        assumeTrue(Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        done("PUT", "/boot-source", "{'kernel_image_path': '$T/spin.elf'}");
        done("PUT", "/balloon", "{'amount_mib': 1, 'deflate_on_oom': true, 'stats_polling_interval_s': 1, 'free_page_hinting': true}");
        done("PUT", "/actions", "{'action_type': 'InstanceStart'}");
        JsonNode document = document();
        int checked = 0;
        for (Iterator<Map.Entry<String, JsonNode>> each = document.get("paths").fields(); each.hasNext();) {
            Map.Entry<String, JsonNode> path = each.next();
            JsonNode schema = path.getValue().at("/get/responses/200/content/application~1json/schema");
            if (!schema.isMissingNode()) {
                ApiClient.Answer answer = ApiClient.once(socket, "GET", path.getKey(), null);
                assertEquals(200, answer.status(), path.getKey());
                checkFields(resolved(document, schema), new ObjectMapper().readTree(answer.body()), path.getKey());
                checked++;
            }
        }
        assertEquals(7, checked);
    }

    private static void checkFields(JsonNode schema, JsonNode answer, String where) {
        for (JsonNode required : schema.path("required")) {
            assertTrue(answer.has(required.asText()), where + " lacks " + required.asText());
        }
        if (schema.has("properties")) {
            answer.fieldNames().forEachRemaining(name -> assertTrue(schema.get("properties").has(name), where + " has " + name));
        }
    }

    @Test
    void theFieldsOfEachBodyAreThoseThatTheServerTakes() throws IOException {
        JsonNode document = document();
        for (Iterator<Map.Entry<String, JsonNode>> each = document.get("paths").fields(); each.hasNext();) {
            Map.Entry<String, JsonNode> path = each.next();
            for (String method : METHODS) {
                JsonNode operation = path.getValue().get(method);
                JsonNode schema = operation == null ? null : body(document, operation);
                if (schema != null) {
                    checkBody(document, method, path(path.getKey()), schema);
                }
            }
        }
    }

    private void checkBody(JsonNode document, String method, String path, JsonNode schema) throws IOException {
        String where = method + " " + path;
        List<String> fields = new ArrayList<>();
        schema.get("properties").fieldNames().forEachRemaining(fields::add);
        if (!schema.get("additionalProperties").asBoolean()) {
            String expected = fields.size() == 1 ? "`" + fields.get(0) + "`" : fields.size() == 2 ? "`" + String.join("` or `", fields) + "`"
                    : "one of `" + String.join("`, `", fields) + "`";
            assertEquals(BAD_BODY + "unknown field `bogus`, expected " + expected + " at line 1 column 8.", fault(method, path, "{\"bogus\": 1}"), where);
        }
        for (JsonNode required : schema.path("required")) {
            ObjectNode without = example(document, schema);
            without.remove(required.asText());
            assertTrue(fault(method, path, without.toString()).startsWith(BAD_BODY + "missing field `" + required.asText() + "`"), where + without);
        }
        for (String field : fields) {
            checkField(document, method, path, schema, field);
        }
    }

    private void checkField(JsonNode document, String method, String path, JsonNode schema, String field) throws IOException {
        JsonNode property = resolved(document, schema.at("/properties/" + field));
        ObjectNode body = example(document, schema);
        String type = property.get("type").asText();
        if (property.has("maximum")) {
            body.put(field, property.get("maximum").bigIntegerValue().add(BigInteger.ONE));
            assertTrue(fault(method, path, body.toString()).length() > 0, method + " " + path + ": above the maximum of " + field);
        }
        body.put(field, "bogus");
        String fault = fault(method, path, body.toString());
        String where = method + " " + path + " " + field + ": " + fault;
        switch (type) {
            case "boolean" -> assertTrue(fault.contains("invalid type: string \"bogus\", expected a boolean"), where);
            case "integer" -> assertTrue(fault.contains("invalid type: string \"bogus\", expected u"), where);
            case "object" -> assertTrue(fault.contains("invalid type: string \"bogus\", expected struct"), where);
            case "array" -> assertTrue(fault.contains("invalid type: string \"bogus\", expected a sequence"), where);
            default -> {
                if (property.has("enum")) {
                    List<String> names = new ArrayList<>();
                    property.get("enum").forEach(name -> names.add(name.asText()));
                    assertTrue(fault.contains("unknown variant `bogus`, expected"), where);
                    names.forEach(name -> assertTrue(fault.contains("`" + name + "`"), where));
                }
            }
        }
        boolean isNullable = schema.at("/properties/" + field).path("nullable").asBoolean();
        body.putNull(field);
        String ofNull = fault(method, path, body.toString());
        assertEquals(isNullable, !ofNull.contains("invalid type: null") && !ofNull.contains("expected value"), where + " null: " + ofNull);
    }

    /** A body with the required fields. */
    private static ObjectNode example(JsonNode document, JsonNode schema) {
        ObjectNode body = new ObjectMapper().createObjectNode();
        for (JsonNode required : schema.path("required")) {
            JsonNode property = resolved(document, schema.at("/properties/" + required.asText()));
            switch (property.get("type").asText()) {
                case "boolean" -> body.put(required.asText(), false);
                case "integer" -> body.put(required.asText(), 1);
                default -> body.put(required.asText(), property.has("enum") ? property.get("enum").get(0).asText() : "a");
            }
        }
        return body;
    }
}
