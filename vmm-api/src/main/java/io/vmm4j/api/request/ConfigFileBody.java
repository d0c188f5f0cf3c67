package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Untagged;
import io.vmm4j.core.json.Values;
import java.util.List;

/**
 * A whole configuration file; its parts are the bodies of requests.
 *
 * @param balloon           or {@code null}
 * @param drives            in the guest's order
 * @param bootSource        what to boot
 * @param cpuConfig         the path of a file with a {@link CpuConfigBody}, or that itself, or {@code null}
 * @param logger            or {@code null}
 * @param machineConfig     or {@code null}
 * @param metrics           or {@code null}
 * @param mmdsConfig        or {@code null}
 * @param networkInterfaces in the guest's order
 * @param vsock             or {@code null}
 * @param entropy           or {@code null}
 * @param pmem              in the guest's order
 * @param memoryHotplug     or {@code null}
 */
public record ConfigFileBody(BalloonBody balloon, List<DriveBody> drives, BootSourceBody bootSource, Object cpuConfig, LoggerBody logger,
        MachineConfigBody machineConfig, MetricsBody metrics, MmdsConfigBody mmdsConfig, List<NetworkBody> networkInterfaces,
        VsockBody vsock, EntropyBody entropy, List<PmemBody> pmem, MemoryHotplugBody memoryHotplug) {

    /** How it is written. */
    public static final Struct<ConfigFileBody> SHAPE = new Struct<>("VmmConfig", false,
            Field.of("balloon", Shapes.optional(BalloonBody.SHAPE)),
            Field.of("drives", Shapes.list(DriveBody.SHAPE)),
            Field.of("boot-source", BootSourceBody.SHAPE),
            Field.of("cpu-config", Shapes.optional(new Untagged<>("CustomCpuTemplateOrPath", CpuConfigBody.SHAPE))),
            Field.of("logger", Shapes.optional(LoggerBody.SHAPE)),
            Field.of("machine-config", Shapes.optional(MachineConfigBody.SHAPE)),
            Field.of("metrics", Shapes.optional(MetricsBody.SHAPE)),
            Field.of("mmds-config", Shapes.optional(MmdsConfigBody.SHAPE)),
            Field.withDefault("network-interfaces", Shapes.list(NetworkBody.SHAPE), List.of()),
            Field.of("vsock", Shapes.optional(VsockBody.SHAPE)),
            Field.of("entropy", Shapes.optional(EntropyBody.SHAPE)),
            Field.withDefault("pmem", Shapes.list(PmemBody.SHAPE), List.of()),
            Field.of("memory-hotplug", Shapes.optional(MemoryHotplugBody.SHAPE))) {
        @Override
        protected ConfigFileBody build(Values values) {
            return new ConfigFileBody(values.get("balloon"), values.get("drives"), values.get("boot-source"), values.get("cpu-config"),
                    values.get("logger"), values.get("machine-config"), values.get("metrics"), values.get("mmds-config"),
                    values.get("network-interfaces"), values.get("vsock"), values.get("entropy"), values.get("pmem"),
                    values.get("memory-hotplug"));
        }
    };
}
