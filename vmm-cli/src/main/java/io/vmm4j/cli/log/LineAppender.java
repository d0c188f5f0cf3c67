package io.vmm4j.cli.log;

import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** log4j2's end of the log: gives each event's lines to a {@link LineWriter}, and has it write them where a batch ends. Thread-safe. */
final class LineAppender extends AbstractAppender {

    private final LineLayout layout;
    private final LineWriter writer;

    LineAppender(String name, LineLayout layout, LineWriter writer) {
        super(name, null, layout, true, Property.EMPTY_ARRAY);
        this.layout = layout;
        this.writer = writer;
    }

    @Override
    public void append(LogEvent event) {
        writer.add(layout.toSerializable(event));
        if (event.isEndOfBatch()) {
            writer.flush();
        }
    }
}
