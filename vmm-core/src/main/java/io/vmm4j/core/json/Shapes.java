package io.vmm4j.core.json;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** The shapes that are not a struct of its own. */
public final class Shapes {

    /** {@code true} or {@code false}. */
    public static final Shape<Boolean> BOOL = new Bool();
    /** Text. */
    public static final Shape<String> STRING = new Text("a string");
    /** Text that is a path. */
    public static final Shape<String> PATH = new Text("path string");
    /** An integer of 8 bits. */
    public static final Shape<Long> U8 = new Unsigned("u8", 0xFF);
    /** An integer of 16 bits. */
    public static final Shape<Long> U16 = new Unsigned("u16", 0xFFFF);
    /** An integer of 32 bits. */
    public static final Shape<Long> U32 = new Unsigned("u32", 0xFFFF_FFFFL);
    /** An integer of 64 bits, as those bits. */
    public static final Shape<Long> U64 = new Unsigned("u64", -1);
    /** A size, an integer of 64 bits, as those bits. */
    public static final Shape<Long> USIZE = new Unsigned("usize", -1);
    /** An IPv4 address in four decimal numbers. */
    public static final Shape<String> IPV4 = new Ipv4();
    /** Any value, which is looked at for its form and dropped. */
    public static final Shape<Void> ANY = new Anything();

    private Shapes() {
    }

    /** A value or {@code null}; absent means {@code null} too. */
    public static <T> Shape<T> optional(Shape<T> shape) {
        return new Optional<>(shape);
    }

    /** A sequence. */
    public static <T> Shape<List<T>> list(Shape<T> element) {
        return new Sequence<>(element);
    }

    private static final class Bool extends Shape<Boolean> {
        @Override
        Boolean read(Reading reading) throws SerdeException {
            switch (reading.peekValue()) {
                case 't':
                    reading.tokens().takeWord("true");
                    return true;
                case 'f':
                    reading.tokens().takeWord("false");
                    return false;
                default:
                    throw reading.invalidType("a boolean");
            }
        }
    }

    private static final class Text extends Shape<String> {
        private final String expected;

        Text(String expected) {
            this.expected = expected;
        }

        @Override
        String read(Reading reading) throws SerdeException {
            return reading.string(expected);
        }
    }

    private static final class Ipv4 extends Shape<String> {
        private static final Pattern ADDRESS = Pattern.compile("(?:(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])(?:\\.(?!$)|$)){4}");

        @Override
        String read(Reading reading) throws SerdeException {
            String text = reading.string("IPv4 address");
            if (!ADDRESS.matcher(text).matches()) {
                throw reading.tokens().fault("invalid IPv4 address syntax");
            }
            return text;
        }
    }

    private static final class Unsigned extends Shape<Long> {
        private final String name;
        private final long max;

        Unsigned(String name, long max) {
            this.name = name;
            this.max = max;
        }

        @Override
        Long read(Reading reading) throws SerdeException {
            reading.peekValue();
            if (!reading.isNumberNext()) {
                throw reading.invalidType(name);
            }
            JsonNumber number = reading.tokens().takeNumber();
            if (number.kind() == JsonNumber.Kind.UNSIGNED && Long.compareUnsigned(number.integer(), max) <= 0) {
                return number.integer();
            }
            String what = number.kind() == JsonNumber.Kind.REAL ? "invalid type: " : "invalid value: ";
            throw reading.tokens().fault(what + number.described() + ", expected " + name);
        }
    }

    private static final class Optional<T> extends Shape<T> {
        private final Shape<T> shape;

        Optional(Shape<T> shape) {
            this.shape = shape;
        }

        @Override
        T read(Reading reading) throws SerdeException {
            if (reading.tokens().peek() == 'n') {
                reading.tokens().takeWord("null");
                return null;
            }
            return shape.read(reading);
        }

        @Override
        boolean mayBeAbsent() {
            return true;
        }
    }

    private static final class Sequence<T> extends Shape<List<T>> {
        private final Shape<T> element;

        Sequence(Shape<T> element) {
            this.element = element;
        }

        @Override
        List<T> read(Reading reading) throws SerdeException {
            if (reading.peekValue() != '[') {
                throw reading.invalidType("a sequence");
            }
            reading.enter();
            List<T> elements = new ArrayList<>();
            SerdeException failure = null;
            try {
                while (reading.hasElement(elements.isEmpty())) {
                    elements.add(element.read(reading));
                }
            } catch (SerdeException e) {
                failure = e;
            }
            reading.leave();
            Nesting.end(reading, false, failure);
            return elements;
        }
    }

    private static final class Anything extends Shape<Void> {
        @Override
        Void read(Reading reading) throws SerdeException {
            int next = reading.peekValue();
            switch (next) {
                case 'n' -> reading.tokens().takeWord("null");
                case 't' -> reading.tokens().takeWord("true");
                case 'f' -> reading.tokens().takeWord("false");
                case '"' -> reading.tokens().takeString();
                case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> reading.tokens().takeNumber();
                case '[', '{' -> readParts(reading, next == '{');
                default -> throw reading.tokens().faultNext("expected value");
            }
            return null;
        }

        private void readParts(Reading reading, boolean isMap) throws SerdeException {
            reading.enter();
            SerdeException failure = null;
            try {
                boolean isFirst = true;
                while (isMap ? reading.hasKey(isFirst) : reading.hasElement(isFirst)) {
                    isFirst = false;
                    if (isMap) {
                        reading.tokens().takeString();
                        reading.colon();
                    }
                    read(reading);
                }
            } catch (SerdeException e) {
                failure = e;
            }
            reading.leave();
            Nesting.end(reading, isMap, failure);
        }
    }
}
