package io.vmm4j.core.console;

import io.vmm4j.devices.text.Printable;
import java.time.Duration;
import java.util.stream.Collectors;

/** Puts into words that something has not come on a console, so that a test's report needs no second run. */
final class ExpectationText {

    /** Characters of what came instead: enough for the last screens. */
    private static final int MOST = 4000;

    private ExpectationText() {
    }

    /** @param seen what came instead */
    static ConsoleExpectationException missing(String what, Duration limit, boolean isClosed, String seen) {
        String why = isClosed ? "the guest has ended without printing " : "the guest has not printed ";
        String within = isClosed ? "" : " within " + limit.toMillis() + " ms";
        String shown = seen.isEmpty() ? "it has printed nothing since what was found before" : "since what was found before it has printed:\n" + shown(seen);
        return new ConsoleExpectationException(why + what + within + "; " + shown, seen);
    }

    /** The end of it, line by line; what drives a terminal is written out. */
    private static String shown(String seen) {
        String end = seen.length() <= MOST ? seen : "...\n" + seen.substring(seen.length() - MOST);
        return end.lines().map(Printable::escape).collect(Collectors.joining("\n"));
    }
}
