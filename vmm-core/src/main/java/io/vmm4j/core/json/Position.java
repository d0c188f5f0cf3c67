package io.vmm4j.core.json;

/** Turns an index in a text into serde_json's line and column: lines from 1, columns in bytes before the index. */
final class Position {

    private final byte[] text;

    Position(byte[] text) {
        this.text = text;
    }

    /** {@code what} is wrong before {@code index}. */
    SerdeException fault(String what, int index) {
        int line = 1;
        int lineStart = 0;
        for (int i = 0; i < index; i++) {
            if (text[i] == '\n') {
                line++;
                lineStart = i + 1;
            }
        }
        return SerdeException.at(what, line, index - lineStart);
    }
}
