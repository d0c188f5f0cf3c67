package io.vmm4j.core.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Holds a token against serde_json's rules, which differ from Jackson's here and there, and says which of its complaints
 * a broken one gets, and where. Each method returns the index behind the token.
 */
final class TokenCheck {

    private static final int SURROGATE_MASK = 0xFC00;
    private static final int LEADING = 0xD800;
    private static final int TRAILING = 0xDC00;

    private final byte[] text;
    private final Position position;
    private int at;

    TokenCheck(byte[] text, Position position) {
        this.text = text;
        this.position = position;
    }

    private SerdeException fault(String what) {
        return position.fault(what, at);
    }

    private SerdeException faultNext(String what) {
        return position.fault(what, Math.min(text.length, at + 1));
    }

    /** 0 at the end. */
    private int peek() {
        return at < text.length ? text[at] : 0;
    }

    private boolean isDigit() {
        return peek() >= '0' && peek() <= '9';
    }

    /**
     * A string.
     *
     * @param start     at the opening quote
     * @param isIgnored whether its value is of no interest, so that it need not be text
     */
    int string(int start, boolean isIgnored) throws SerdeException {
        at = start + 1;
        while (true) {
            if (at >= text.length) {
                throw fault("EOF while parsing a string");
            }
            int octet = text[at];
            if (octet == '"') {
                at++;
                break;
            }
            if (octet == '\\') {
                at++;
                escape(isIgnored);
            } else if (octet >= 0 && octet < ' ') {
                at += isIgnored ? 0 : 1;
                throw fault("control character (\\u0000-\\u001F) found while parsing a string");
            } else {
                at++;
            }
        }
        if (!isIgnored && !isUtf8(start + 1, at - 1)) {
            throw fault("invalid unicode code point");
        }
        return at;
    }

    private boolean isUtf8(int from, int to) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text, from, to - from));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    private void escape(boolean isIgnored) throws SerdeException {
        if (at >= text.length) {
            throw fault("EOF while parsing a string");
        }
        switch (text[at++]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> { }
            case 'u' -> unicode(isIgnored);
            default -> throw fault("invalid escape");
        }
    }

    private void unicode(boolean isIgnored) throws SerdeException {
        int unit = hex();
        if (isIgnored) {
            return;
        }
        if ((unit & SURROGATE_MASK) == TRAILING) {
            throw fault("lone leading surrogate in hex escape");
        }
        if ((unit & SURROGATE_MASK) != LEADING) {
            return;
        }
        require('\\');
        require('u');
        if ((hex() & SURROGATE_MASK) != TRAILING) {
            throw fault("lone leading surrogate in hex escape");
        }
    }

    private void require(char expected) throws SerdeException {
        if (at >= text.length) {
            throw fault("EOF while parsing a string");
        }
        if (text[at++] != expected) {
            throw fault("unexpected end of hex escape");
        }
    }

    private int hex() throws SerdeException {
        if (text.length - at < 4) {
            at = text.length;
            throw fault("EOF while parsing a string");
        }
        int unit = 0;
        boolean isHex = true;
        for (int i = 0; i < 4; i++) {
            int digit = text[at] < 0 ? -1 : Character.digit(text[at], 16);
            isHex &= digit >= 0;
            unit = unit << 4 | digit;
            at++;
        }
        if (!isHex) {
            throw fault("invalid escape");
        }
        return unit;
    }

    /** A number. */
    int number(int start, boolean isIgnored) throws SerdeException {
        at = start + (text[start] == '-' ? 1 : 0);
        if (at >= text.length && !isIgnored) {
            throw fault("EOF while parsing a value");
        }
        if (!isDigit()) {
            at += at < text.length ? 1 : 0;
            throw fault("invalid number");
        }
        if (text[at++] == '0') {
            if (isDigit()) {
                throw faultNext("invalid number");
            }
        } else {
            digits();
        }
        if (peek() == '.') {
            at++;
            if (!isDigit()) {
                throw faultNext(at < text.length || isIgnored ? "invalid number" : "EOF while parsing a value");
            }
            digits();
        }
        if (peek() == 'e' || peek() == 'E') {
            exponent(isIgnored);
        }
        return at;
    }

    private void exponent(boolean isIgnored) throws SerdeException {
        at++;
        if (peek() == '+' || peek() == '-') {
            at++;
        }
        if (at >= text.length && !isIgnored) {
            throw fault("EOF while parsing a value");
        }
        if (!isDigit()) {
            at += at < text.length ? 1 : 0;
            throw fault("invalid number");
        }
        digits();
    }

    private void digits() {
        while (isDigit()) {
            at++;
        }
    }

    /** {@code null}, {@code true} or {@code false}. */
    int word(int start, String word) throws SerdeException {
        at = start + 1;
        for (int i = 1; i < word.length(); i++) {
            if (at >= text.length) {
                throw fault("EOF while parsing a value");
            }
            if (text[at++] != word.charAt(i)) {
                throw fault("expected ident");
            }
        }
        return at;
    }
}
