package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Map;

/**
 * Where Firecracker's metrics go ({@code metrics}). Known by name and not supported yet.
 *
 * @param metricsPath file or named pipe
 * @param emitId      whether each line has the machine's id; default false
 * @param properties  what each line has besides; {@code null} for nothing
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MetricsConfig(
        @JsonProperty("metrics_path") String metricsPath,
        @JsonProperty("emit_id") Boolean emitId,
        @JsonProperty("properties") Map<String, String> properties) {

    public MetricsConfig {
        emitId = emitId != null && emitId;
        properties = properties == null ? null : Map.copyOf(properties);
    }

    void check(Problems problems) {
        problems.notSupported("metrics", metricsPath == null ? "" : "to \"" + metricsPath + "\"", "");
    }
}
