package io.vmm4j.core.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.async.NonBlockingJsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The tokens of a body, from Jackson's parser for bytes that come in pieces, since that one reads no further than it is
 * asked to. The caller looks at the byte that a token begins with and then takes it as what it is; {@link #index} is how
 * far that has gone. Confined to one thread.
 */
final class JsonTokens {

    /** What {@link #peek} returns at the end. */
    static final int END = -1;

    private static final JsonFactory FACTORY = new JsonFactoryBuilder()
            .configure(JsonFactory.Feature.INTERN_FIELD_NAMES, false)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(Integer.MAX_VALUE).maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE).maxNameLength(Integer.MAX_VALUE).build())
            .build();

    private final byte[] text;
    private final Position position;
    private final TokenCheck check;
    private final NonBlockingJsonParser parser;
    private int index;

    JsonTokens(byte[] text) {
        this.text = text;
        this.position = new Position(text);
        this.check = new TokenCheck(text, position);
        try {
            this.parser = (NonBlockingJsonParser) FACTORY.createNonBlockingByteArrayParser();
            byte[] wellFormed = withoutBadBytes(text);
            parser.getNonBlockingInputFeeder().feedInput(wellFormed, 0, wellFormed.length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        parser.endOfInput();
    }

    /**
     * The text with a question mark in place of each byte that is no part of a character in UTF-8. Jackson is not to stumble
     * over them: whether they are a mistake depends on where they stand.
     */
    private static byte[] withoutBadBytes(byte[] text) {
        byte[] copy = text;
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(text);
        CharBuffer out = CharBuffer.allocate(text.length + 1);
        CoderResult result = decoder.decode(in, out, true);
        while (result.isError()) {
            copy = copy == text ? text.clone() : copy;
            for (int i = 0; i < result.length(); i++) {
                copy[in.position()] = '?';
                in.get();
            }
            result = decoder.decode(in, out, true);
        }
        return copy;
    }

    /** How many bytes have been taken. */
    int index() {
        return index;
    }

    /** A copy of what was taken since {@code start}. */
    byte[] slice(int start) {
        return Arrays.copyOfRange(text, start, index);
    }

    /** What is wrong, before the next byte. */
    SerdeException fault(String what) {
        return position.fault(what, index);
    }

    /** What is wrong, with the next byte. */
    SerdeException faultNext(String what) {
        return position.fault(what, Math.min(text.length, index + 1));
    }

    /** {@code failure} with the place added unless it has one. */
    SerdeException placed(SerdeException failure) {
        return failure.isPositioned() ? failure : fault(failure.getMessage());
    }

    /** Passes over blanks and looks at the next byte, {@link #END} at the end. */
    int peek() {
        while (index < text.length && (text[index] == ' ' || text[index] == '\n' || text[index] == '\t' || text[index] == '\r')) {
            index++;
        }
        return index < text.length ? Byte.toUnsignedInt(text[index]) : END;
    }

    /** Takes the comma or colon that was seen. */
    void takeSeparator() {
        index++;
    }

    /** Takes the brace or bracket that was seen. */
    void takeBracket() throws SerdeException {
        index++;
        try {
            parser.nextToken();
        } catch (IOException e) {
            throw fault("expected value");
        }
    }

    /** Takes the string that begins with the quote that was seen. */
    String takeString() throws SerdeException {
        int start = index;
        String value = next() == JsonToken.FIELD_NAME ? name() : value();
        // Of what Jackson lets pass serde_json does not take all.
        index = check.string(start, false);
        return value;
    }

    /** Takes a string of which only the form matters. */
    void skipString() throws SerdeException {
        int start = index;
        next();
        index = check.string(start, true);
    }

    /** Takes the number that begins with the byte that was seen. */
    JsonNumber takeNumber() throws SerdeException {
        int start = index;
        next();
        index = check.number(start, false);
        String digits = new String(text, start, index - start, StandardCharsets.US_ASCII);
        JsonNumber number = JsonNumber.of(digits);
        if (number == null) {
            index = start + JsonNumber.lengthInRange(digits);
            throw fault("number out of range");
        }
        return number;
    }

    /** Takes a number of which only the form matters. */
    void skipNumber() throws SerdeException {
        int start = index;
        next();
        index = check.number(start, true);
    }

    /** Takes {@code word}, which begins with the byte that was seen. */
    void takeWord(String word) throws SerdeException {
        int start = index;
        next();
        index = check.word(start, word);
    }

    /** The parser's next token; {@code null} when it refuses it, for a reason that {@link TokenCheck} finds too. */
    private JsonToken next() {
        try {
            return parser.nextToken();
        } catch (IOException e) {
            return null;
        }
    }

    private String name() {
        try {
            return parser.currentName();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String value() {
        try {
            return parser.hasToken(JsonToken.VALUE_STRING) ? parser.getText() : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
