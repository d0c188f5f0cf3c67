package io.vmm4j.core.control;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What a machine says about itself by its control socket.
 *
 * @param name         what it is called
 * @param pid          its process
 * @param state        {@code starting}, {@code created}, {@code running}, {@code paused}, {@code stopping} or {@code stopped}
 * @param vcpuCount    vCPUs that the guest has
 * @param maxVcpuCount vCPUs that it can grow to
 * @param memSizeMib   guest RAM in MiB
 * @param uptimeMillis since the machine was made, in ms
 * @param kernel       the kernel image's path, or {@code null}
 * @param console      the Unix socket that the guest's console is on, or {@code null} where it is on none
 * @param hasWindow    whether that console tells the guest the terminal's size
 * @param log          the log file, or {@code null}
 */
public record MachineInfo(String name, long pid, String state, int vcpuCount, int maxVcpuCount, long memSizeMib, long uptimeMillis, String kernel,
        String console, boolean hasWindow, String log) {

    /** As a JSON object; what is not known is left out. */
    ObjectNode toJson() {
        ObjectNode json = ControlMessage.object().put("name", name).put("pid", pid).put("state", state).put("vcpu_count", vcpuCount)
                .put("max_vcpu_count", maxVcpuCount).put("mem_size_mib", memSizeMib).put("uptime_ms", uptimeMillis);
        putUnlessNull(json, "kernel_image_path", kernel);
        putUnlessNull(json, "console_path", console);
        json.put("console_has_window", hasWindow);
        putUnlessNull(json, "log_path", log);
        return json;
    }

    private static void putUnlessNull(ObjectNode json, String key, String value) {
        if (value != null) {
            json.put(key, value);
        }
    }

    /** Whether {@code json} has what every machine says. */
    static boolean isOne(ObjectNode json) {
        return json.path("name").isTextual() && json.path("pid").isIntegralNumber() && json.path("state").isTextual();
    }

    /** What such an object says. */
    static MachineInfo of(ObjectNode json) {
        return new MachineInfo(json.path("name").asText(), json.path("pid").asLong(), json.path("state").asText(), json.path("vcpu_count").asInt(),
                json.path("max_vcpu_count").asInt(), json.path("mem_size_mib").asLong(), json.path("uptime_ms").asLong(),
                json.path("kernel_image_path").asText(null), json.path("console_path").asText(null), json.path("console_has_window").asBoolean(),
                json.path("log_path").asText(null));
    }

    /** The text of a JSON object in one line. */
    public String json() {
        return toJson().toString();
    }
}
