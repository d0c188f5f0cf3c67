package io.vmm4j.core.config;

/** What a machine may be called: a name that is a file's, too, and part of a thread's. */
public final class MachineName {

    /** Most characters. */
    public static final int LENGTH_MAX = 64;

    private static final String MARKS = "-_.";

    private MachineName() {
    }

    /**
     * Returns {@code name}.
     *
     * @throws IllegalArgumentException when no machine can be called so; the message has the name, and what is wrong with it
     */
    public static String require(String name) {
        String problem = problemOf(name);
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
        return name;
    }

    private static String problemOf(String name) {
        if (name.isEmpty()) {
            return "machine name is empty";
        }
        if (name.length() > LENGTH_MAX) {
            return "machine name \"" + name.substring(0, LENGTH_MAX) + "…\" of " + name.length() + " characters is above the limit of " + LENGTH_MAX;
        }
        if (!isLetterOrDigit(name.charAt(0))) {
            return "machine name \"" + name + "\" does not begin with a letter or a digit";
        }
        return name.chars().allMatch(c -> isLetterOrDigit(c) || MARKS.indexOf(c) >= 0) ? null
                : "machine name \"" + name + "\" has something else than letters, digits, '-', '_' and '.'";
    }

    /** Of ASCII: the name is a file's. */
    private static boolean isLetterOrDigit(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }
}
