package io.vmm4j.core.snapshot.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import com.fasterxml.jackson.dataformat.cbor.CBORGenerator;
import com.fasterxml.jackson.dataformat.cbor.CBORParser;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@link State} as CBOR (RFC 8949): states are maps with names as keys, lists of states arrays, integers, byte strings and text strings
 * themselves. Nothing else is taken. What is read is bounded before it is allocated: {@value #MAX_DEPTH} deep, names of
 * {@value #MAX_NAME} characters, texts of {@value #MAX_TEXT}, {@value #MAX_TOKENS} tokens in all.
 *
 * <p>Thread-safe.
 */
final class StateCodec {

    static final int MAX_DEPTH = 32;
    static final int MAX_NAME = 200;
    static final int MAX_TEXT = 1 << 16;
    static final int MAX_TOKENS = 4_000_000;

    /** Canonical names would only fill a table: names of one state are few, and interning them costs more than it saves. */
    private static final CBORFactory FACTORY = CBORFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).maxNameLength(MAX_NAME).maxStringLength(MAX_TEXT)
                    .maxNumberLength(32).maxTokenCount(MAX_TOKENS).build())
            .build();

    private StateCodec() {
    }

    /**
     * The bytes of {@code state}.
     *
     * @throws StateException when it is deeper or has longer names or texts than can be read again
     */
    static byte[] encode(State state) throws StateException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 16);
        try (CBORGenerator generator = FACTORY.createGenerator(bytes)) {
            Encoder encoder = new Encoder(generator);
            encoder.state(state, 1);
        } catch (IOException e) {
            throw new StateException("a state that cannot be written: " + e.getMessage());
        }
        return bytes.toByteArray();
    }

    /** Writes one state and those in it. */
    private static final class Encoder implements State.Visitor<IOException> {

        private final CBORGenerator generator;
        private int depth;
        private int tokens;

        Encoder(CBORGenerator generator) {
            this.generator = generator;
        }

        void state(State state, int ownDepth) throws IOException {
            require(ownDepth <= MAX_DEPTH, "deeper than " + MAX_DEPTH);
            int outer = depth;
            depth = ownDepth;
            count(2);
            generator.writeStartObject();
            state.accept(this);
            generator.writeEndObject();
            depth = outer;
        }

        private void name(String name) throws IOException {
            require(name.length() <= MAX_NAME, "a name of " + name.length() + " characters");
            count(2);
            generator.writeFieldName(name);
        }

        private void count(int more) throws IOException {
            tokens += more;
            require(tokens <= MAX_TOKENS, "more than " + MAX_TOKENS + " tokens");
        }

        private static void require(boolean isSo, String otherwise) throws IOException {
            if (!isSo) {
                throw new IOException(otherwise);
            }
        }

        @Override
        public void integer(String name, long value) throws IOException {
            name(name);
            generator.writeNumber(value);
        }

        @Override
        public void bytes(String name, byte[] value) throws IOException {
            name(name);
            generator.writeBinary(value);
        }

        @Override
        public void text(String name, String value) throws IOException {
            require(value.length() <= MAX_TEXT, name + " has " + value.length() + " characters");
            name(name);
            generator.writeString(value);
        }

        @Override
        public void part(String name, State value) throws IOException {
            name(name);
            state(value, depth + 1);
        }

        @Override
        public void parts(String name, List<State> value) throws IOException {
            name(name);
            count(2);
            generator.writeStartArray();
            for (State each : value) {
                state(each, depth + 2);
            }
            generator.writeEndArray();
        }
    }

    /**
     * The state whose bytes these are.
     *
     * @throws StateException saying what in them cannot be
     */
    static State decode(byte[] bytes, int offset, int length) throws StateException {
        try (CBORParser parser = FACTORY.createParser(bytes, offset, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new StateException("what should be a state begins otherwise");
            }
            State state = state(parser);
            if (parser.nextToken() != null) {
                throw new StateException("something follows the state");
            }
            return state;
        } catch (IOException e) {
            throw new StateException(firstLine(e));
        }
    }

    private static String firstLine(IOException e) {
        String message = String.valueOf(e.getMessage());
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /** After its START_OBJECT, up to its END_OBJECT. */
    private static State state(CBORParser parser) throws IOException, StateException {
        State.Builder state = State.builder();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_OBJECT; token = parser.nextToken()) {
            if (token != JsonToken.FIELD_NAME) {
                throw new StateException("a state ends early");
            }
            String name = parser.currentName();
            value(parser, state, name, parser.nextToken());
        }
        return state.build();
    }

    private static void value(CBORParser parser, State.Builder state, String name, JsonToken token) throws IOException, StateException {
        if (token == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            state.put(name, parser.getLongValue());
        } else if (token == JsonToken.VALUE_EMBEDDED_OBJECT) {
            state.put(name, parser.getBinaryValue());
        } else if (token == JsonToken.VALUE_STRING) {
            state.put(name, parser.getText());
        } else if (token == JsonToken.START_OBJECT) {
            state.put(name, state(parser));
        } else if (token == JsonToken.START_ARRAY) {
            state.put(name, states(parser, name));
        } else {
            throw new StateException(name + " has a value of no kind that a state has");
        }
    }

    private static List<State> states(CBORParser parser, String name) throws IOException, StateException {
        List<State> states = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (token != JsonToken.START_OBJECT) {
                throw new StateException(name + " has an element that is not a state");
            }
            states.add(state(parser));
        }
        return states;
    }
}
