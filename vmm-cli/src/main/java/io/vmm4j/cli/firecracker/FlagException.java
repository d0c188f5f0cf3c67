package io.vmm4j.cli.firecracker;

import io.vmm4j.core.json.RustText;

/** A command line that cannot be, in one line. */
final class FlagException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String debug;

    /** A wrong command line, for a reason that Firecracker has not. */
    FlagException(String message) {
        this(FirecrackerExit.ARGUMENTS, message, null);
    }

    FlagException(int status, String message, String debug) {
        super(message);
        this.status = status;
        this.debug = debug;
    }

    /**
     * A wrong command line.
     *
     * @param kind  of Firecracker's error
     * @param names what it is about
     */
    static FlagException of(String message, String kind, String... names) {
        StringBuilder debug = new StringBuilder("ParseArguments(").append(kind).append('(');
        for (int i = 0; i < names.length; i++) {
            debug.append(i == 0 ? "" : ", ").append(RustText.quoted(names[i]));
        }
        return new FlagException(FirecrackerExit.ARGUMENTS, message, debug.append("))").toString());
    }

    /** The exit code it is worth. */
    int status() {
        return status;
    }

    /** The error as Rust's {@code {:?}} writes it, or {@code null} where Firecracker has none such. */
    String debug() {
        return debug;
    }
}
