package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /metrics}.
 *
 * @param metricsPath a file or a FIFO
 */
public record MetricsBody(String metricsPath) {

    /** How it is written. */
    public static final Struct<MetricsBody> SHAPE = new Struct<>("MetricsConfig", false,
            Field.of("metrics_path", Shapes.PATH)) {
        @Override
        protected MetricsBody build(Values values) {
            return new MetricsBody(values.get("metrics_path"));
        }
    };
}
