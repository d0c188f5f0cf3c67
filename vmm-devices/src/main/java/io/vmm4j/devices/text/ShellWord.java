package io.vmm4j.devices.text;

/** A text as one word of a command that a message proposes. Thread-safe: holds no state. */
public final class ShellWord {

    private ShellWord() {
    }

    /**
     * {@code text}, between quotes where a shell would make something else of it, or take it for an option; always one line: control
     * characters are written out, as the shells that know {@code $'…'} read them.
     */
    public static String of(String text) {
        if (text.chars().anyMatch(Character::isISOControl)) {
            return writtenOut(text);
        }
        return text.matches("[\\p{L}\\p{N}_./+,:@%=][\\p{L}\\p{N}_./+,:@%=-]*") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static String writtenOut(String text) {
        StringBuilder word = new StringBuilder("$'");
        for (char c : text.toCharArray()) {
            if (c == '\'' || c == '\\') {
                word.append('\\').append(c);
            } else if (Character.isISOControl(c)) {
                word.append(c < 0x80 ? String.format("\\%03o", (int) c) : String.format("\\u%04x", (int) c));
            } else {
                word.append(c);
            }
        }
        return word.append('\'').toString();
    }
}
