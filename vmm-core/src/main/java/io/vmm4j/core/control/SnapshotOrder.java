package io.vmm4j.core.control;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/**
 * What a client asks for that wants a snapshot of a running machine.
 *
 * @param directory  that it is to be, as an absolute path: the machine's process makes it
 * @param diffOf     the directory of the snapshot that it is to be a diff to, as an absolute path, or {@code null} for all of the memory
 * @param isReplaced whether a snapshot that is at {@code directory} is replaced
 * @param then       what becomes of the machine
 */
public record SnapshotOrder(Path directory, Path diffOf, boolean isReplaced, Then then) {

    /** What becomes of a machine once it is saved; where it cannot be saved it is as it was. */
    public enum Then {
        /** It stands still for a moment and is as it was before. */
        GO_ON,
        /** It stands still from then on. */
        PAUSE,
        /** It stands still, and is stopped once all is saved. */
        STOP;

        /** As clients say it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** @throws IllegalArgumentException when there is none */
        static Then of(String word) {
            for (Then then : values()) {
                if (then.word().equals(word)) {
                    return then;
                }
            }
            throw new IllegalArgumentException(ControlMessage.THEN + " must be \"go_on\", \"pause\" or \"stop\", and is \"" + word + "\"");
        }
    }

    /** @throws IllegalArgumentException when a path is not absolute */
    public SnapshotOrder {
        requireAbsolute(directory, ControlMessage.DIRECTORY);
        if (diffOf != null) {
            requireAbsolute(diffOf, ControlMessage.DIFF_OF);
        }
        Objects.requireNonNull(then, "then");
    }

    private static void requireAbsolute(Path path, String key) {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException(key + " \"" + path + "\" must be an absolute path");
        }
    }

    static Path path(String text, String key) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(key + " \"" + text + "\" cannot be a path: " + e.getReason(), e);
        }
    }
}
