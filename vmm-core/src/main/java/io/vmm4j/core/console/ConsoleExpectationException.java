package io.vmm4j.core.console;

/** What was waited for on a guest's console has not come. The message says what, how long, and what the guest has printed instead. */
public final class ConsoleExpectationException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String seen;

    ConsoleExpectationException(String message, String seen) {
        super(message);
        this.seen = seen;
    }

    /** What the guest has printed behind what was found before, as far as it is kept. */
    public String seen() {
        return seen;
    }
}
