package io.vmm4j.core.rootfs;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** JSON of images: read as far as it is of use, bounded in size and, by Jackson, in depth. Thread-safe. */
final class ImageJson {

    static final ObjectMapper MAPPER = JsonMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private static final int MAX_BYTES = 4 << 20;

    private ImageJson() {
    }

    /** What {@code in} has, up to its end. @param name for messages */
    static JsonNode read(InputStream in, String name) throws IOException {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
            throw new RootfsException(name + " has more than " + MAX_BYTES + " bytes");
        }
        try {
            return MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new RootfsException(name + " is not JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
    }

    /** The texts of a list; none where there is no list. */
    static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(element -> texts.add(element.asText()));
        return texts;
    }
}
