package io.vmm4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The document says what the server does: methods, fields and their order, what is required, what is one of some names. */
class OpenApiTest extends ApiTestBase {

    private static final String BAD_BODY = "An error occurred when deserializing the json body of a request: ";
    private static final List<String> METHODS = List.of("get", "put", "patch", "delete");

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
    void theMethodsOfEachPathAreThoseThatTheServerKnows() throws IOException {
        JsonNode paths = document().get("paths");
        for (Iterator<Map.Entry<String, JsonNode>> each = paths.fields(); each.hasNext();) {
            Map.Entry<String, JsonNode> path = each.next();
            for (String method : METHODS) {
                String fault = fault(method, path(path.getKey()), method.equals("get") || method.equals("delete") ? null : "{}");
                if (path.getValue().has(method)) {
                    assertFalse(fault.startsWith("Invalid request method") || fault.startsWith("Unrecognized"), method + " " + path.getKey());
                }
            }
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
