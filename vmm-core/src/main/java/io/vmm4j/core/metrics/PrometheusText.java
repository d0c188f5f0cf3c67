package io.vmm4j.core.metrics;

import io.vmm4j.core.metrics.MetricSample.Kind;
import java.util.List;
import java.util.Map;

/** Numbers in Prometheus' text format, version 0.0.4. */
public final class PrometheusText {

    private PrometheusText() {
    }

    /** The numbers of one machine, labelled {@code vm="NAME"} and, where there are several devices of a kind, {@code device="ID"}. */
    public static String of(String vm, VmMetrics metrics) {
        return of(Map.of(vm, MetricSamples.of(metrics)));
    }

    /** The numbers of several machines, by name. */
    public static String of(Map<String, List<MetricSample>> machines) {
        StringBuilder text = new StringBuilder();
        machines.values().stream().flatMap(List::stream).map(MetricSample::name).distinct()
                .forEach(name -> append(text, name, machines));
        return text.toString();
    }

    private static void append(StringBuilder text, String name, Map<String, List<MetricSample>> machines) {
        boolean[] isHeaded = {false};
        machines.forEach((vm, samples) -> samples.stream().filter(sample -> sample.name().equals(name)).forEach(sample -> {
            String full = sample.kind() == Kind.COUNTER ? name + "_total" : name;
            if (!isHeaded[0]) {
                isHeaded[0] = true;
                text.append("# HELP ").append(full).append(' ').append(sample.help()).append('\n');
                text.append("# TYPE ").append(full).append(sample.kind() == Kind.COUNTER ? " counter\n" : " gauge\n");
            }
            text.append(full).append("{vm=\"").append(escaped(vm)).append('"');
            if (sample.device() != null) {
                text.append(",device=\"").append(escaped(sample.device())).append('"');
            }
            text.append("} ").append(Long.toUnsignedString(sample.value())).append('\n');
        }));
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
