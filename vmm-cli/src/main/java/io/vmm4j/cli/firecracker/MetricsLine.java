package io.vmm4j.cli.firecracker;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;

/** One line of metrics: a JSON object of {@link MetricGroups}, counters by what has been added since the line before. Made once, by one thread. */
final class MetricsLine {

    private static final JsonFactory JSON = new JsonFactory();

    private final Map<String, Long> before;
    private final Map<String, Long> now;
    private final StringWriter text = new StringWriter();
    private final JsonGenerator out;

    private MetricsLine(Map<String, Long> before, Map<String, Long> now) throws IOException {
        this.before = before;
        this.now = now;
        this.out = JSON.createGenerator(text);
    }

    /**
     * The line, with its end.
     *
     * @param millis  since the epoch
     * @param before  totals by {@code GROUP.FIELD} that have been told
     * @param now     totals as they are
     * @param devices ids of the devices by the group they share
     */
    static String of(long millis, Map<String, Long> before, Map<String, Long> now, SortedMap<String, SortedSet<String>> devices) throws IOException {
        return new MetricsLine(before, now).write(millis, devices);
    }

    private String write(long millis, SortedMap<String, SortedSet<String>> devices) throws IOException {
        out.writeStartObject();
        out.writeNumberField("utc_timestamp_ms", millis);
        for (Map.Entry<String, List<String>> group : MetricGroups.all().entrySet()) {
            SortedSet<String> ids = devices.get(group.getKey());
            if (ids == null) {
                writeGroup(group.getKey(), group.getValue(), null);
            } else {
                Map<String, Long> together = new HashMap<>();
                for (String id : ids) {
                    writeGroup(group.getKey() + "_" + id, group.getValue(), together);
                }
                writeSum(group.getKey(), group.getValue(), together);
            }
        }
        out.writeEndObject();
        out.close();
        return text.append('\n').toString();
    }

    private void writeGroup(String group, List<String> fields, Map<String, Long> together) throws IOException {
        out.writeObjectFieldStart(group);
        for (String field : fields) {
            if (field.endsWith(MetricGroups.AGGREGATE)) {
                out.writeObjectFieldStart(field);
                for (String part : MetricGroups.AGGREGATE_FIELDS) {
                    writeNumber(group, field + "." + part, part, together);
                }
                out.writeEndObject();
            } else {
                writeNumber(group, field, field, together);
            }
        }
        out.writeEndObject();
    }

    private void writeNumber(String group, String field, String name, Map<String, Long> together) throws IOException {
        String key = group + "." + field;
        long total = now.getOrDefault(key, 0L);
        boolean isStore = MetricGroups.isStore(group, field);
        long value = isStore ? total : total - before.getOrDefault(key, 0L);
        out.writeNumberField(name, value);
        if (together != null && !isStore) {
            together.merge(field, value, Long::sum);
        }
    }

    /** All devices of a kind; of the shortest and the longest there is none for all. */
    private void writeSum(String group, List<String> fields, Map<String, Long> together) throws IOException {
        out.writeObjectFieldStart(group);
        for (String field : fields) {
            if (field.endsWith(MetricGroups.AGGREGATE)) {
                out.writeObjectFieldStart(field);
                for (String part : MetricGroups.AGGREGATE_FIELDS) {
                    out.writeNumberField(part, together.getOrDefault(field + "." + part, 0L));
                }
                out.writeEndObject();
            } else {
                out.writeNumberField(field, together.getOrDefault(field, 0L));
            }
        }
        out.writeEndObject();
    }
}
