package io.vmm4j.core.config;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where a socket's path leads, however it is written. */
public final class SocketPlace {

    private SocketPlace() {
    }

    /**
     * Whether two paths are one place: {@code y}, {@code ./y}, and {@code link/y} where {@code link} leads here. Two that can be no
     * paths are compared as they are written; {@code null} is none.
     */
    public static boolean isSame(String one, String other) {
        if (one == null || other == null) {
            return false;
        }
        try {
            return one.equals(other) || placeOf(Path.of(one)).equals(placeOf(Path.of(other)));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Its directory's real path with its name: what is at the place itself is not followed, as it is not when a socket is made there. */
    private static Path placeOf(Path path) {
        Path absolute = path.toAbsolutePath();
        Path name = absolute.getFileName();
        if (name == null) {
            return absolute;
        }
        try {
            return absolute.getParent().toRealPath().resolve(name);
        } catch (IOException e) {
            // Nothing can be made there.
            return absolute.normalize();
        }
    }
}
