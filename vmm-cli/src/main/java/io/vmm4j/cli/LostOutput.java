package io.vmm4j.cli;

import io.vmm4j.core.host.StandardOutput;
import java.util.function.Consumer;

/** What every command does whose standard output is lost: a line where it cannot be written to, and none where its reader has gone, as with {@code | head}. */
final class LostOutput {

    private LostOutput() {
    }

    /** Says it, if it is to be said; returns the status. */
    static ExitCode say(Consumer<String> errors) {
        if (!StandardOutput.isReaderGone()) {
            errors.accept("standard output cannot be written to");
        }
        return ExitCode.HOST_ERROR;
    }
}
