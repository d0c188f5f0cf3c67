package io.vmm4j.core.boot;

/** A kernel command line cannot be used: one line that names what is wrong and the bound. The user's mistake. */
public final class CommandLineException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message one line */
    public CommandLineException(String message) {
        super(message);
    }
}
