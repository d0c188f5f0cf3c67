package io.vmm4j.core.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Reads {@code cpu-config} of a configuration, which is an object or the path of a file that holds one. */
final class CpuConfigReader extends JsonDeserializer<CpuConfig> {

    @Override
    public CpuConfig deserialize(JsonParser parser, DeserializationContext context) throws IOException {
        if (!parser.hasToken(JsonToken.VALUE_STRING)) {
            return context.readValue(parser, CpuConfig.class);
        }
        String file = parser.getText();
        try {
            return VmConfigJson.readCpuConfig(Path.of(file));
        } catch (ConfigException e) {
            throw JsonMappingException.from(parser, "file " + file + ": " + e.getMessage(), e);
        } catch (IOException | InvalidPathException e) {
            throw JsonMappingException.from(parser, "file " + file + " " + VmConfigJson.whyUnreadable(file, e), e);
        }
    }
}
