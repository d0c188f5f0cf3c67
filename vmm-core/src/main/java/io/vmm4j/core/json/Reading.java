package io.vmm4j.core.json;

import java.util.ArrayDeque;
import java.util.Deque;

/** The steps that serde_json takes through a body, in its order: what is wrong first is said first. Confined to one thread. */
final class Reading {

    private static final int DEPTH_MAX = 128;

    private final JsonTokens tokens;
    private int depth = DEPTH_MAX;

    Reading(JsonTokens tokens) {
        this.tokens = tokens;
    }

    JsonTokens tokens() {
        return tokens;
    }

    /** Looks at a value's first byte, which must be there. */
    int peekValue() throws SerdeException {
        int next = tokens.peek();
        if (next == JsonTokens.END) {
            throw tokens.faultNext("EOF while parsing a value");
        }
        return next;
    }

    /** Takes the value that comes, which is of another type than {@code expected}. */
    SerdeException invalidType(String expected) {
        try {
            return tokens.fault("invalid type: " + describeNext() + ", expected " + expected);
        } catch (SerdeException e) {
            return e;
        }
    }

    private String describeNext() throws SerdeException {
        switch (tokens.peek()) {
            case 'n':
                tokens.takeWord("null");
                return "null";
            case 't':
                tokens.takeWord("true");
                return "boolean `true`";
            case 'f':
                tokens.takeWord("false");
                return "boolean `false`";
            case '"':
                return "string " + RustText.quoted(tokens.takeString());
            case '[':
                return "sequence";
            case '{':
                return "map";
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
                return tokens.takeNumber().described();
            default:
                throw tokens.faultNext("expected value");
        }
    }

    boolean isNumberNext() {
        int next = tokens.peek();
        return next == '-' || next >= '0' && next <= '9';
    }

    String string(String expected) throws SerdeException {
        if (peekValue() != '"') {
            throw invalidType(expected);
        }
        return tokens.takeString();
    }

    /** Takes the brace or bracket that a nested value begins with. */
    void enter() throws SerdeException {
        depth--;
        if (depth == 0) {
            throw tokens.faultNext("recursion limit exceeded");
        }
        tokens.takeBracket();
    }

    /** After the content of a nested value, whether that was good or not. */
    void leave() {
        depth++;
    }

    /** Whether one more element of a sequence comes; passes over the comma before it. */
    boolean hasElement(boolean isFirst) throws SerdeException {
        int next = tokens.peek();
        if (next == JsonTokens.END) {
            throw tokens.faultNext("EOF while parsing a list");
        }
        if (next == ']') {
            return false;
        }
        if (isFirst) {
            return true;
        }
        if (next != ',') {
            throw tokens.faultNext("expected `,` or `]`");
        }
        tokens.takeSeparator();
        return switch (tokens.peek()) {
            case ']' -> throw tokens.faultNext("trailing comma");
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing a value");
            default -> true;
        };
    }

    void endSequence() throws SerdeException {
        switch (tokens.peek()) {
            case ']' -> tokens.takeBracket();
            case ',' -> {
                tokens.takeSeparator();
                throw tokens.faultNext(tokens.peek() == ']' ? "trailing comma" : "trailing characters");
            }
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing a list");
            default -> throw tokens.faultNext("trailing characters");
        }
    }

    /** Whether one more key of an object comes; passes over the comma before it. */
    boolean hasKey(boolean isFirst) throws SerdeException {
        int next = tokens.peek();
        if (next == JsonTokens.END) {
            throw tokens.faultNext("EOF while parsing an object");
        }
        if (next == '}') {
            return false;
        }
        if (!isFirst) {
            if (next != ',') {
                throw tokens.faultNext("expected `,` or `}`");
            }
            tokens.takeSeparator();
            next = tokens.peek();
            if (next == '}') {
                throw tokens.faultNext("trailing comma");
            }
            if (next == JsonTokens.END) {
                throw tokens.faultNext("EOF while parsing a value");
            }
        }
        if (next != '"') {
            throw tokens.faultNext("key must be a string");
        }
        return true;
    }

    void colon() throws SerdeException {
        switch (tokens.peek()) {
            case ':' -> tokens.takeSeparator();
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing an object");
            default -> throw tokens.faultNext("expected `:`");
        }
    }

    void endObject() throws SerdeException {
        switch (tokens.peek()) {
            case '}' -> tokens.takeBracket();
            case ',' -> throw tokens.faultNext("trailing comma");
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing an object");
            default -> throw tokens.faultNext("trailing characters");
        }
    }

    /** Passes over a value of any depth. */
    void ignore() throws SerdeException {
        Deque<Character> open = new ArrayDeque<>();
        do {
            boolean isOpened = ignoreOne(open);
            // Behind a value: what is open may end, or go on.
            boolean isFirst = isOpened;
            while (!open.isEmpty()) {
                if (hasMore(open.peek(), isFirst)) {
                    break;
                }
                tokens.takeBracket();
                open.pop();
                isFirst = false;
            }
        } while (!open.isEmpty());
    }

    private boolean hasMore(char frame, boolean isFirst) throws SerdeException {
        int next = tokens.peek();
        if (next == ',' && !isFirst) {
            tokens.takeSeparator();
        } else if (next == (frame == '[' ? ']' : '}')) {
            return false;
        } else if (!isFirst || next == JsonTokens.END) {
            throw tokens.faultNext(next != JsonTokens.END ? frame == '[' ? "expected `,` or `]`" : "expected `,` or `}`"
                    : frame == '[' ? "EOF while parsing a list" : "EOF while parsing an object");
        }
        if (frame == '{') {
            ignoreKey();
        }
        return true;
    }

    private void ignoreKey() throws SerdeException {
        switch (tokens.peek()) {
            case '"' -> tokens.skipString();
            case JsonTokens.END -> throw tokens.faultNext("EOF while parsing an object");
            default -> throw tokens.faultNext("key must be a string");
        }
        colon();
    }

    /** Passes over a value, or the beginning of one that has parts; true for that. */
    private boolean ignoreOne(Deque<Character> open) throws SerdeException {
        int next = peekValue();
        switch (next) {
            case 'n' -> tokens.takeWord("null");
            case 't' -> tokens.takeWord("true");
            case 'f' -> tokens.takeWord("false");
            case '"' -> tokens.skipString();
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> tokens.skipNumber();
            case '[', '{' -> {
                tokens.takeBracket();
                open.push((char) next);
                return true;
            }
            default -> throw tokens.faultNext("expected value");
        }
        return false;
    }
}
