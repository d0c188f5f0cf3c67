package io.vmm4j.api.http;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;

/** What is wrong with bytes that are to be UTF-8, as Rust's {@code Utf8Error} tells it. */
final class Utf8Text {

    private Utf8Text() {
    }

    /** The problem, or {@code null} when there is none. */
    static String problemOf(byte... bytes) {
        ByteBuffer rest = ByteBuffer.wrap(bytes);
        boolean isWrong = StandardCharsets.UTF_8.newDecoder().decode(rest, CharBuffer.allocate(bytes.length), true).isError();
        if (!isWrong) {
            return null;
        }
        int at = rest.position();
        int length = lengthOfError(bytes, at);
        return length == 0 ? "incomplete utf-8 byte sequence from index " + at
                : "invalid utf-8 sequence of " + length + " bytes from index " + at;
    }

    /** How many bytes from {@code at} on could begin a character and go on wrongly; 0 when the text ends before that is known. */
    private static int lengthOfError(byte[] bytes, int at) {
        int first = Byte.toUnsignedInt(bytes[at]);
        int width = first < 0xC2 || first > 0xF4 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        for (int good = 1; good < width; good++) {
            if (at + good == bytes.length) {
                return 0;
            }
            if (!canFollow(first, good, Byte.toUnsignedInt(bytes[at + good]))) {
                return good;
            }
        }
        return 1;
    }

    /** The Unicode Standard, table 3-7: the second byte keeps out overlong forms, surrogates and what is above U+10FFFF. */
    private static boolean canFollow(int first, int place, int octet) {
        int least = 0x80;
        int most = 0xBF;
        if (place == 1) {
            switch (first) {
                case 0xE0 -> least = 0xA0;
                case 0xED -> most = 0x9F;
                case 0xF0 -> least = 0x90;
                case 0xF4 -> most = 0x8F;
                default -> { }
            }
        }
        return octet >= least && octet <= most;
    }
}
