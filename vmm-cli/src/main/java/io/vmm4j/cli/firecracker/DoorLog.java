package io.vmm4j.cli.firecracker;

import io.vmm4j.api.control.ApiLog;
import io.vmm4j.api.request.LoggerBody;
import io.vmm4j.cli.log.LineFile;
import io.vmm4j.devices.text.Printable;
import java.io.IOException;
import java.lang.StackWalker.StackFrame;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.helpers.MessageFormatter;

/**
 * slf4j's loggers with Firecracker's lines behind them: {@code TIME [ID:THREAD[:LEVEL][:FILE:LINE]] MESSAGE}, the time local and to the
 * nanosecond, on standard output until it is told otherwise. A line that is not taken at once is dropped and counted: nobody waits
 * for the log. Text of users and guests cannot end a line, and lines that a guest can cause are limited ({@link LogLimit}). Thread-safe.
 */
final class DoorLog implements ILoggerFactory, ApiLog {

    /** Above all of slf4j's levels. */
    private static final int OFF = Level.ERROR.toInt() + 1;
    /** What the guest prints on its second serial port, which has a limit of its own. */
    private static final String GUEST_CONSOLE = "guest.console";
    private static final String API = "io.vmm4j.api.";
    /** Of the API what does things with the machine, which may say what the guest does. */
    private static final String API_CONTROL = "io.vmm4j.api.control.";
    private static final String CLI = "io.vmm4j.cli.";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS");

    private final Map<String, Logger> loggers = new ConcurrentHashMap<>();
    private final Supplier<LocalDateTime> clock;
    private final LogLimit limit;
    private volatile Settings settings;
    /** Lines that files of before have dropped. */
    private long missingBefore;

    /**
     * How and where to. Immutable.
     *
     * @param least  the number of slf4j's least severe level to write
     * @param module a prefix of the loggers' names, or {@code null}
     */
    private record Settings(Supplier<LineFile> file, String id, int least, boolean showsLevel, boolean showsOrigin, String module) {
    }

    /** Writes to {@code file}, at Info. */
    DoorLog(Supplier<LineFile> file, String id, Supplier<LocalDateTime> clock, LogLimit limit) {
        this.clock = clock;
        this.limit = limit;
        this.settings = new Settings(file, id, Level.INFO.toInt(), false, false, null);
    }

    /** Gives the lines from now on another id. */
    synchronized void setId(String id) {
        Settings now = settings;
        settings = new Settings(now.file, id, now.least, now.showsLevel, now.showsOrigin, now.module);
    }

    @Override
    public synchronized void configure(LoggerBody config) throws IOException {
        Settings now = settings;
        Supplier<LineFile> file = config.logPath() == null ? now.file : opened(config.logPath());
        settings = new Settings(file, now.id, config.level() == null ? Level.INFO.toInt() : leastOf(config.level()),
                config.showLevel() == null ? now.showsLevel : config.showLevel(),
                config.showLogOrigin() == null ? now.showsOrigin : config.showLogOrigin(),
                config.module() == null ? now.module : config.module());
        if (file != now.file) {
            missingBefore += now.file.get().missing();
            now.file.get().close();
        }
    }

    private static Supplier<LineFile> opened(String path) throws IOException {
        LineFile file = LineFile.append(path);
        return () -> file;
    }

    private static int leastOf(String level) {
        return level.equals("Off") ? OFF : Level.valueOf(level.toUpperCase(Locale.ROOT)).toInt();
    }

    @Override
    public Logger getLogger(String name) {
        return loggers.computeIfAbsent(name, key -> new DoorLogger(key, this));
    }

    /** How many lines were dropped so far. */
    synchronized long missing() {
        return missingBefore + settings.file.get().missing();
    }

    /** How many lines the limit has kept back so far. */
    long suppressed() {
        return limit.suppressed();
    }

    /** Whether only whoever uses this program can cause what {@code logger} says. */
    private static boolean isHosts(String logger) {
        return logger.equals(GUEST_CONSOLE) || logger.startsWith(CLI) || logger.startsWith(API) && !logger.startsWith(API_CONTROL);
    }

    /**
     * Takes a line that is enabled.
     *
     * @param pattern of slf4j, for {@code arguments}
     * @param thrown  or {@code null}
     */
    void take(String logger, Level level, String pattern, Object[] arguments, Throwable thrown) {
        boolean isLimited = level.toInt() >= Level.INFO.toInt() && !isHosts(logger);
        long left = isLimited ? limit.admit(logger, pattern) : 0;
        if (left > 0 && isEnabled(Level.WARN, logger)) {
            write(Level.WARN, left + " messages were suppressed due to rate limiting", null);
        }
        if (left != LogLimit.SUPPRESSED) {
            write(level, MessageFormatter.basicArrayFormat(pattern, arguments), thrown);
        }
    }

    boolean isEnabled(Level level, String logger) {
        Settings now = settings;
        return level.toInt() >= now.least && (now.module == null || logger.startsWith(now.module));
    }

    /** Writes an error with further lines that have nothing before them. */
    void error(String logger, String message, String... more) {
        if (isEnabled(Level.ERROR, logger)) {
            write(Level.ERROR, message, null, more);
        }
    }

    /** Writes a line, further ones as they are, and the lines of a stack behind it, indented. */
    private void write(Level level, String message, Throwable thrown, String... more) {
        Settings now = settings;
        StringBuilder line = new StringBuilder();
        TIME.formatTo(clock.get(), line);
        line.append(" [").append(now.id).append(':').append(Thread.currentThread().getName());
        if (now.showsLevel) {
            line.append(':').append(level);
        }
        if (now.showsOrigin) {
            line.append(':').append(origin());
        }
        line.append("] ").append(Printable.escape(message)).append('\n');
        for (String next : more) {
            line.append(Printable.escape(next)).append('\n');
        }
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            line.append('\t').append(Printable.escape(cause.toString())).append('\n');
            for (StackTraceElement element : cause.getStackTrace()) {
                line.append("\tat ").append(Printable.escape(element.toString())).append('\n');
            }
        }
        now.file.get().write(line.toString());
    }

    /** The place of the call, such as {@code io/vmm4j/api/ApiService.java:44}. */
    private static String origin() {
        return StackWalker.getInstance().walk(frames -> frames.filter(DoorLog::isCaller).findFirst().map(DoorLog::place)).orElse("?:?");
    }

    private static boolean isCaller(StackFrame frame) {
        return !frame.getClassName().startsWith("org.slf4j.") && !frame.getClassName().startsWith(DoorLog.class.getName());
    }

    private static String place(StackFrame frame) {
        String type = frame.getClassName();
        return type.substring(0, type.lastIndexOf('.') + 1).replace('.', '/') + frame.getFileName() + ":" + frame.getLineNumber();
    }
}
