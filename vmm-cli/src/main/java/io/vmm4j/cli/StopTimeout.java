package io.vmm4j.cli;

import java.time.Duration;
import java.util.function.Consumer;

/** How long a guest may take to power off at SIGTERM, in whole seconds. */
final class StopTimeout {

    /** Less than the ten seconds after which container engines lose patience. */
    static final int DEFAULT_SECONDS = 8;
    static final int MAX_SECONDS = 3_600;

    private StopTimeout() {
    }

    /**
     * What the options say.
     *
     * @param problems takes a line when that cannot be, and the default stands in
     */
    static Duration of(Arguments arguments, Consumer<String> problems) {
        return of(CliOption.STOP_TIMEOUT, arguments, problems);
    }

    /** As {@link #of(Arguments, Consumer)}, by another option. */
    static Duration of(CliOption name, Arguments arguments, Consumer<String> problems) {
        String text = arguments.value(name);
        int seconds = DEFAULT_SECONDS;
        String option = " (" + arguments.nameOf(name) + ")";
        try {
            seconds = text == null ? DEFAULT_SECONDS : Integer.parseInt(text.strip());
            if (seconds < 0 || seconds > MAX_SECONDS) {
                problems.accept("stop timeout " + seconds + " s is not in 0.." + MAX_SECONDS + option);
                seconds = DEFAULT_SECONDS;
            }
        } catch (NumberFormatException e) {
            problems.accept("stop timeout \"" + text + "\" is not a whole number of seconds" + option);
        }
        return Duration.ofSeconds(seconds);
    }
}
