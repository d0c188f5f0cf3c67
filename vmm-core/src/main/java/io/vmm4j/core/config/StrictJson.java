package io.vmm4j.core.config;

import io.vmm4j.core.json.RecordShape;
import io.vmm4j.core.json.SerdeException;
import io.vmm4j.core.json.Shape;
import io.vmm4j.core.json.Shapes;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Supplier;

/**
 * JSON into records, strictly: a key that does not exist, a key given twice, a value of the wrong type and a null in a list
 * are refused by name, each in one line. Thread-safe.
 *
 * <p>A text without a mistake, as nearly all are, is read by its record's {@linkplain RecordShape shape}, which is ready at once: a program
 * that starts a guest waits for this. Any other is read again by {@link MappedJson}, which has the last word on it and the messages.
 */
public final class StrictJson {

    /** In characters; longer ones are for the reader that has limits of its own. */
    private static final int SHAPED_MAX = 1 << 20;

    private StrictJson() {
    }

    /**
     * Reads one record.
     *
     * @param source what to call the text in a message where no field can be named
     * @throws ConfigException whose problems' keys are the fields' paths or {@code source}: every key that does not exist and
     *                         every value of the wrong type, up to the first mistake that nothing can be read behind
     */
    public static <T> T read(String json, Class<T> type, String source) throws ConfigException {
        T value = readByShape(json, type);
        return value != null ? value : MappedJson.read(json, type, source);
    }

    /** As {@link #read} where the shape takes the text, else {@code null}. */
    static <T> T readByShape(String json, Class<T> type) {
        return shaped(json, () -> type == VmConfig.class ? RecordShape.hyphenated(type) : RecordShape.of(type));
    }

    /** Reads a list of records; otherwise as {@link #read}. A problem's key begins with the element's {@code [index]}. */
    public static <T> List<T> readList(String json, Class<T> element, String source) throws ConfigException {
        List<T> values = shaped(json, () -> Shapes.list(RecordShape.of(element)));
        return values != null ? values : MappedJson.readList(json, element, source);
    }

    /** What {@code json} is, or {@code null} when the shape does not take it or there is none. */
    private static <T> T shaped(String json, Supplier<Shape<T>> shape) {
        if (json.length() > SHAPED_MAX) {
            return null;
        }
        try {
            return shape.get().read(encode(json));
        } catch (CharacterCodingException e) {
            return null; // half of a surrogate pair, which no UTF-8 is of
        } catch (SerdeException | IllegalArgumentException e) { // not JSON of that shape; a type that Jackson alone may be open to
            return null;
        }
    }

    private static byte[] encode(String json) throws CharacterCodingException {
        ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json));
        byte[] exact = new byte[bytes.remaining()];
        bytes.get(exact);
        return exact;
    }

    /** The record as indented JSON. */
    static String write(Object value) {
        return MappedJson.write(value);
    }
}
