package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /logger}; what is {@code null} stays as it is, but for the level.
 *
 * @param logPath a file or a FIFO
 * @param level one of {@code Off}, {@code Trace}, {@code Debug}, {@code Info}, {@code Warn}, {@code Error}; {@code null} = {@code Info}
 * @param showLevel whether lines have their level
 * @param showLogOrigin whether lines have their place in the program
 * @param module a prefix of the modules that log
 */
public record LoggerBody(String logPath, String level, Boolean showLevel, Boolean showLogOrigin, String module) {

    /** How it is written. */
    public static final Struct<LoggerBody> SHAPE = new Struct<>("LoggerConfig", true,
            Field.of("log_path", Shapes.optional(Shapes.PATH)),
            Field.of("level", Shapes.optional(TextForms.LOG_LEVEL)),
            Field.of("show_level", Shapes.optional(Shapes.BOOL)),
            Field.of("show_log_origin", Shapes.optional(Shapes.BOOL)),
            Field.of("module", Shapes.optional(Shapes.STRING))) {
        @Override
        protected LoggerBody build(Values values) {
            return new LoggerBody(values.get("log_path"), values.get("level"), values.get("show_level"),
                    values.get("show_log_origin"), values.get("module"));
        }
    };
}
