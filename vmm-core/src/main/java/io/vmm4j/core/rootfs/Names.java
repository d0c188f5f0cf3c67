package io.vmm4j.core.rootfs;

import java.nio.charset.StandardCharsets;

/** Names as bytes, a character each. */
final class Names {

    private static final int SHOWN_MAX = 200;

    private Names() {
    }

    /** The bytes of text in UTF-8. */
    static String of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    static String of(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** For a message: in quotes, what cannot be printed as a question mark, and not too long. */
    static String show(String name) {
        String text = new String(bytes(name), StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
        return '"' + (text.length() <= SHOWN_MAX ? text : text.substring(0, SHOWN_MAX) + "…") + '"';
    }
}
