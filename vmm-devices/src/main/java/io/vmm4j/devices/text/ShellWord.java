package io.vmm4j.devices.text;

/** A text as one word of a command that a message proposes. Thread-safe: holds no state. */
public final class ShellWord {

    private ShellWord() {
    }

    /** {@code text}, between quotes where a shell would make something else of it, or take it for an option. */
    public static String of(String text) {
        return text.matches("[\\p{L}\\p{N}_./+,:@%=][\\p{L}\\p{N}_./+,:@%=-]*") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
