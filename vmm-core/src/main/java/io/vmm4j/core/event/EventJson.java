package io.vmm4j.core.event;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * Events as lines of JSON, for scripts: an object with {@code time} (ISO 8601, UTC) and {@code event}, and what belongs to its kind.
 *
 * <pre>
 * {"time":"2026-01-01T12:00:00.123Z","event":"state","state":"running"}
 * {"time":"2026-01-01T12:00:05.456Z","event":"ended","reason":"poweroff","message":"the guest powered off"}
 * </pre>
 */
public final class EventJson {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private EventJson() {
    }

    /** {@code event} as one line, without its end. */
    public static String line(VmEvent event) {
        ObjectNode line = MAPPER.createObjectNode();
        line.put("time", event.time().toString());
        if (event instanceof VmEvent.StateChanged change) {
            line.put("event", "state").put("state", word(change.state()));
        } else if (event instanceof VmEvent.GuestPanicked panic) {
            line.put("event", "guest-panic").put("text", panic.text());
        } else if (event instanceof VmEvent.VcpusChanged change) {
            line.put("event", "vcpus").put("count", change.count());
        } else if (event instanceof VmEvent.DeviceChanged change) {
            line.put("event", "device").put("device", change.device()).put("added", change.added());
        } else if (event instanceof VmEvent.DriveFailed failure) {
            line.put("event", "drive-error").put("drive", failure.drive()).put("number", failure.number()).put("error", failure.error());
        } else if (event instanceof VmEvent.NetworkLost loss) {
            line.put("event", "network-lost").put("interface", loss.networkInterface()).put("reason", loss.reason());
        } else if (event instanceof VmEvent.ConsoleClient client) {
            line.put("event", "console-client").put("console", client.console()).put("connected", client.connected());
        } else if (event instanceof VmEvent.Ended end) {
            line.put("event", "ended").put("reason", word(end.exit().reason())).put("message", end.exit().message());
        } else if (event instanceof VmEvent.Missed missed) {
            line.put("event", "missed").put("count", missed.count());
        } else {
            line.put("event", event.getClass().getSimpleName());
        }
        return line.toString();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
