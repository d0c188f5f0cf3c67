package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.Optional;

/**
 * Where the log goes ({@code logger}). The library itself logs through slf4j; the command line acts on this. Its lines
 * always have their level and where they come from, so what Firecracker has to choose about these changes nothing.
 *
 * @param logPath       log file, or {@code null} for the front door's default
 * @param level         one of Off, Error, Warn or Warning, Info, Debug, Trace in any case; default Info
 * @param showLevel     kept, without effect; {@code null} = not said
 * @param showLogOrigin as {@code showLevel}
 * @param module        a module of Firecracker's whose lines alone were wanted: kept, without effect
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LoggerConfig(
        @JsonProperty("log_path") String logPath,
        @JsonProperty("level") String level,
        @JsonProperty("show_level") Boolean showLevel,
        @JsonProperty("show_log_origin") Boolean showLogOrigin,
        @JsonProperty("module") String module) {

    /** Log levels, most to least severe. */
    public enum Level {
        OFF, ERROR, WARN, INFO, DEBUG, TRACE;

        /** The level of that name in any case; empty when there is none. */
        public static Optional<Level> named(String name) {
            return Arrays.stream(values()).filter(level -> level.name().equalsIgnoreCase(name)).findFirst()
                    .or(() -> "Warning".equalsIgnoreCase(name) ? Optional.of(WARN) : Optional.empty());
        }
    }

    public LoggerConfig {
        level = level == null ? "Info" : level;
    }

    /** A log file and a level; each may be {@code null} for its default. */
    public LoggerConfig(String logPath, String level) {
        this(logPath, level, null, null, null);
    }

    /** The level; call on a checked configuration only. */
    public Level parsedLevel() {
        return Level.named(level).orElseThrow();
    }

    void check(Problems problems) {
        problems.require(logPath == null || !logPath.isEmpty(), "logger.log_path", "the log file's path is empty");
        problems.require(Level.named(level).isPresent(), "logger.level",
                "log level \"" + level + "\" is not one of Off, Error, Warn, Info, Debug, Trace");
    }
}
