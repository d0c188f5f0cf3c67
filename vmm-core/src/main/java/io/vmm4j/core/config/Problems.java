package io.vmm4j.core.config;

import io.vmm4j.devices.text.Printable;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Collects what is wrong with a configuration, so that several wrong options are reported together. */
public final class Problems {

    /** Most characters of a device's id. */
    private static final int MAX_ID = 255;

    private final List<ConfigProblem> found = new ArrayList<>();

    /** None yet. */
    public Problems() {
        // All comes by add().
    }

    /** Notes a problem. */
    public void add(String key, String message) {
        found.add(new ConfigProblem(key, message));
    }

    /** Notes all that {@code others} has. */
    void addAll(Problems others) {
        found.addAll(others.found);
    }

    /** Notes a problem unless {@code condition} holds. */
    public void require(boolean condition, String key, String message) {
        if (!condition) {
            add(key, message);
        }
    }

    /**
     * Notes a problem when {@code path} can be no path on this host: it holds a NUL, or a character that the locale's
     * encoding does not have. {@code null} is none and no problem.
     *
     * @param what the file's part, for the message: "kernel image"
     */
    @SuppressWarnings("ReturnValueIgnored") // whether it can be made is all that is asked
    void requirePath(String path, String key, String what) {
        try {
            if (path != null) {
                Path.of(path);
            }
        } catch (InvalidPathException e) {
            add(key, what + " \"" + path + "\" cannot be a path here: " + e.getReason());
        }
    }

    /**
     * Notes a problem when {@code id} is no name of a device. It is part of threads' names, log lines and metrics' names: within a
     * bound, anything that a line can have is one, also nothing at all, as in a configuration file of Firecracker's.
     */
    void requireId(String id, String key, String what) {
        if (id == null) {
            add(key, what + " id is missing");
            return;
        }
        int length = id.codePointCount(0, id.length());
        if (length > MAX_ID) {
            add(key, what + " id \"" + id.substring(0, id.offsetByCodePoints(0, MAX_ID)) + "…\" of " + length
                    + " characters is above the limit of " + MAX_ID);
        }
        require(id.codePoints().allMatch(Printable::isPlain), key,
                what + " id \"" + id + "\" must be without control characters and what else is not printed");
    }

    /**
     * Notes that a key of Firecracker's asks for what does not exist here. Where its value asks for nothing, it is taken.
     *
     * @param key   ends with Firecracker's word, which the message begins with
     * @param value what was asked for, as the message says it; empty where nothing tells
     * @param rest  more to say about it, or nothing
     */
    void notSupported(String key, String value, String rest) {
        String word = key.substring(key.lastIndexOf('.') + 1).replaceFirst("\\[\\d+]$", "");
        add(key, word + (value.isEmpty() ? "" : " ") + value.strip() + " is not supported" + rest);
    }

    /** True when nothing has been noted for {@code key}. */
    public boolean isClean(String key) {
        return found.stream().noneMatch(problem -> problem.key().equals(key));
    }

    /** True when nothing has been noted at all. */
    public boolean isEmpty() {
        return found.isEmpty();
    }

    /** Throws if anything was noted. */
    public void throwIfAny() throws ConfigException {
        if (!found.isEmpty()) {
            throw new ConfigException(found);
        }
    }
}
