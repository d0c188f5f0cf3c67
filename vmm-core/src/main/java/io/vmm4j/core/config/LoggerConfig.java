package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * Where the log goes ({@code logger}). The library itself logs through slf4j; the command line acts on this.
 *
 * @param logPath log file, or {@code null} for the front door's default
 * @param level   one of Off, Error, Warn, Info, Debug, Trace in any case; default Info
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LoggerConfig(@JsonProperty("log_path") String logPath, @JsonProperty("level") String level) {

    /** Log levels, most to least severe. */
    public enum Level { OFF, ERROR, WARN, INFO, DEBUG, TRACE }

    public LoggerConfig {
        level = level == null ? "Info" : level;
    }

    /** The level; call on a checked configuration only. */
    public Level parsedLevel() {
        return Level.valueOf(level.toUpperCase(Locale.ROOT));
    }

    void check(Problems problems) {
        problems.require(logPath == null || !logPath.isEmpty(), "logger.log_path", "the log file's path is empty");
        problems.require(isLevel(), "logger.level",
                "log level \"" + level + "\" is not one of Off, Error, Warn, Info, Debug, Trace");
    }

    private boolean isLevel() {
        for (Level candidate : Level.values()) {
            if (candidate.name().equalsIgnoreCase(level)) {
                return true;
            }
        }
        return false;
    }
}
