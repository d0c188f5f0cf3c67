package io.vmm4j.core.json;

/**
 * One of some names. The names may also be the key of an object whose value is {@code null}, as serde has it.
 *
 * @param <T> what stands for a name
 */
public final class Choice<T> extends Shape<T> {

    private final String[] names;
    private final T[] values;

    /**
     * @param names  as they are written, in the order in which a message lists them
     * @param values what they are read as, one a name
     */
    public Choice(String[] names, T[] values) {
        this.names = names.clone();
        this.values = values.clone();
    }

    @Override
    T read(Reading reading) throws SerdeException {
        JsonTokens tokens = reading.tokens();
        return switch (tokens.peek()) {
            case '"' -> named(reading);
            case '{' -> keyed(reading);
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing a value");
            default -> throw tokens.faultNext("expected value");
        };
    }

    private T named(Reading reading) throws SerdeException {
        String name = reading.string("variant identifier");
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(name)) {
                return values[i];
            }
        }
        throw reading.tokens().fault("unknown variant `" + name + "`, expected " + OneOf.list(names));
    }

    private T keyed(Reading reading) throws SerdeException {
        JsonTokens tokens = reading.tokens();
        reading.enter();
        T value = named(reading);
        reading.colon();
        if (reading.peekValue() != 'n') {
            throw reading.invalidType("unit");
        }
        tokens.takeWord("null");
        reading.leave();
        switch (tokens.peek()) {
            case '}' -> tokens.takeBracket();
            case JsonTokens.END -> throw tokens.fault("EOF while parsing an object");
            default -> throw tokens.fault("expected value");
        }
        return value;
    }
}
