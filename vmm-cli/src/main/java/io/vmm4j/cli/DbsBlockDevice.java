package io.vmm4j.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import java.util.function.BiConsumer;

/**
 * One element of {@code --virblks}, under dbs-cli's keys. The hints {@code no_drop}, {@code sparse},
 * {@code use_shared_irq} and {@code use_generic_irq} are taken and change nothing: every drive gives discarded blocks back
 * where the host can, and has an interrupt of its own. {@code format}, {@code overlay} and {@code socket} are not dbs-cli's: every list of it has the device type
 * {@code RawBlock}, which so does not say that the image was looked at.
 */
record DbsBlockDevice(
        @JsonProperty("drive_id") String driveId,
        @JsonProperty("device_type") String deviceType,
        @JsonProperty("path_on_host") String pathOnHost,
        @JsonProperty("is_root_device") Boolean isRootDevice,
        @JsonProperty("part_uuid") String partUuid,
        @JsonProperty("is_read_only") Boolean isReadOnly,
        @JsonProperty("is_direct") Boolean isDirect,
        @JsonProperty("no_drop") Boolean noDrop,
        @JsonProperty("sparse") Boolean sparse,
        @JsonProperty("num_queues") Integer numQueues,
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("rate_limiter") RateLimiterConfig rateLimiter,
        @JsonProperty("use_shared_irq") Boolean useSharedIrq,
        @JsonProperty("use_generic_irq") Boolean useGenericIrq,
        @JsonProperty("use_pci_bus") Boolean usePciBus,
        @JsonProperty("format") DriveConfig.Format format,
        @JsonProperty("overlay") String overlay,
        @JsonProperty("socket") String socket) {

    private static final int DEFAULT_QUEUE_SIZE = 256;

    /** Tells what is not supported, as a field and a message. */
    void refuse(BiConsumer<String, String> problems) {
        if (deviceType != null && !deviceType.equals("RawBlock")) {
            problems.accept("device_type", "device type \"" + deviceType + "\" is not supported: only RawBlock is");
        }
        if (usePciBus != null && usePciBus) {
            problems.accept("use_pci_bus", "a PCI bus is not supported: drives are virtio-mmio devices");
        }
    }

    /** As the configuration has it; 0 stands for a default. */
    DriveConfig toDrive() {
        return new DriveConfig(driveId, isRootDevice, partUuid, pathOnHost, isReadOnly, null)
                .withDirect(isDirect != null && isDirect)
                .withRateLimiter(rateLimiter)
                .withFormat(format)
                .withOverlay(overlay)
                .withSocket(socket)
                .withQueues(orDefault(numQueues, 1), orDefault(queueSize, DEFAULT_QUEUE_SIZE));
    }

    private static int orDefault(Integer number, int byDefault) {
        return number == null || number == 0 ? byDefault : number;
    }
}
