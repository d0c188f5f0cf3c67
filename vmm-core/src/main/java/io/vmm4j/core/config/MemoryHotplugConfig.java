package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Memory that the guest can be given while it runs ({@code memory-hotplug}). Known by name and not supported yet.
 *
 * @param totalSizeMib the most of it, in MiB
 * @param blockSizeMib in pieces of so many MiB; {@code null} for Firecracker's default
 * @param slotSizeMib  of which so many MiB are one memory slot of KVM; {@code null} for Firecracker's default
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryHotplugConfig(
        @JsonProperty("total_size_mib") Long totalSizeMib,
        @JsonProperty("block_size_mib") Long blockSizeMib,
        @JsonProperty("slot_size_mib") Long slotSizeMib) {

    void check(Problems problems) {
        problems.notSupported("memory-hotplug", totalSizeMib == null ? "" : "of " + totalSizeMib + " MiB", "");
    }
}
