package io.vmm4j.core.vhostuser;

import java.io.IOException;

/** A back end that cannot be used any more, in words that go on its name: {@code has closed the connection}. */
final class VhostUserException extends IOException {

    private static final long serialVersionUID = 1L;

    private final boolean isBreach;

    private VhostUserException(String message, boolean isBreach) {
        super(message);
        this.isBreach = isBreach;
    }

    /** It has gone, or does not answer: another may take its place. */
    static VhostUserException gone(String message) {
        return new VhostUserException(message, false);
    }

    /** It has broken a rule of the protocol. */
    static VhostUserException breach(String message) {
        return new VhostUserException(message, true);
    }

    /** Whether it has broken a rule of the protocol. */
    boolean isBreach() {
        return isBreach;
    }
}
