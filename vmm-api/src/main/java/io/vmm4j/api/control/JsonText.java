package io.vmm4j.api.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes an answer, without blanks, as serde_json does. Confined to one thread. */
public final class JsonText {

    private static final JsonFactory FACTORY = new JsonFactoryBuilder().disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE).build();

    private final StringWriter text = new StringWriter();
    private final JsonGenerator out;

    JsonText() {
        try {
            out = FACTORY.createGenerator(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An object with one field. */
    public static String of(String key, String value) {
        JsonText json = new JsonText();
        json.begin();
        json.field(key, value);
        json.end();
        return json.toString();
    }

    /** Begins an object, as a value. */
    void begin() {
        try {
            out.writeStartObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Begins an object, as a field. */
    void begin(String key) {
        try {
            out.writeObjectFieldStart(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void end() {
        try {
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void beginList(String key) {
        try {
            out.writeArrayFieldStart(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void endList() {
        try {
            out.writeEndArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A field with text, {@code null} when there is none. */
    void field(String key, String value) {
        try {
            out.writeStringField(key, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A field with an unsigned number of 64 bits, {@code null} when there is none. */
    void field(String key, Long value) {
        try {
            out.writeFieldName(key);
            if (value == null) {
                out.writeNull();
            } else if (value >= 0) {
                out.writeNumber(value);
            } else {
                out.writeNumber(Long.toUnsignedString(value));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void field(String key, boolean value) {
        try {
            out.writeBooleanField(key, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void fieldNull(String key) {
        try {
            out.writeNullField(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        try {
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }
}
