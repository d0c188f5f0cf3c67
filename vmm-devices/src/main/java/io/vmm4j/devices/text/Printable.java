package io.vmm4j.devices.text;

/**
 * Makes text that somebody else wrote (a path, a key of a file, a word of a guest's) fit for one line of a terminal or a
 * log: what would end the line, drive the terminal or turn the direction of text is written as Java and JSON write it,
 * {@code \n} or {@code \u001b}. All else stays as it is, backslashes too, so that text which went through this twice is
 * what it was after the first time. Thread-safe: holds no state.
 */
public final class Printable {

    /** The longest line, in characters: twice the longest path in ASCII would be no line that anybody reads. */
    private static final int MAX_LINE = 5000;
    /** What is kept of the end of a longer one, where messages name the option or the field. */
    private static final int KEPT_END = 500;

    private Printable() {
    }

    /** Neither a control character nor one that ends lines, turns the direction of text, is invisible or half of another. */
    public static boolean isPlain(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> false;
            default -> true;
        };
    }

    /** {@code text} with everything that is not plain escaped. */
    public static String escape(String text) {
        if (text.codePoints().allMatch(Printable::isPlain)) {
            return text;
        }
        StringBuilder line = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(codePoint -> append(line, codePoint));
        return line.toString();
    }

    /** As {@link #escape}; and of a text beyond all measure the middle is left out, and said to be. */
    public static String line(String text) {
        String escaped = escape(text);
        int left = escaped.length() - MAX_LINE;
        if (left <= 0) {
            return escaped;
        }
        // Not between the halves of a character.
        int head = escaped.offsetByCodePoints(0, escaped.codePointCount(0, MAX_LINE - KEPT_END));
        int tail = escaped.offsetByCodePoints(escaped.length(), -escaped.codePointCount(escaped.length() - KEPT_END, escaped.length()));
        return escaped.substring(0, head) + " ... (" + (tail - head) + " characters) ... " + escaped.substring(tail);
    }

    private static void append(StringBuilder line, int codePoint) {
        if (isPlain(codePoint)) {
            line.appendCodePoint(codePoint);
            return;
        }
        switch (codePoint) {
            case '\n' -> line.append("\\n");
            case '\r' -> line.append("\\r");
            case '\t' -> line.append("\\t");
            default -> {
                for (char unit : Character.toChars(codePoint)) {
                    line.append("\\u").append(String.format("%04x", (int) unit));
                }
            }
        }
    }
}
