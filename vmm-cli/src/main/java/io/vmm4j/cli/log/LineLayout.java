package io.vmm4j.cli.log;

import java.nio.charset.StandardCharsets;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.layout.AbstractStringLayout;

/**
 * {@link LineFormat} for log4j2. Thread-safe.
 *
 * <p>log4j2's {@code PatternLayout} can say the same, but loads every plug-in that log4j2 has, some 400 classes, to
 * understand its pattern.
 */
final class LineLayout extends AbstractStringLayout {

    private final LineFormat format;

    LineLayout(LineFormat format) {
        super(StandardCharsets.UTF_8);
        this.format = format;
    }

    @Override
    public String toSerializable(LogEvent event) {
        return format.text(event.getTimeMillis(), event.getLevel().name(), event.getThreadName(), event.getLoggerName(),
                event.getMessage().getFormattedMessage(), event.getThrown());
    }
}
