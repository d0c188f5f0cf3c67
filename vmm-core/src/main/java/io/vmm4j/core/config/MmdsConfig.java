package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * Firecracker's metadata service for the guest ({@code mmds-config}). Known by name and not supported yet.
 *
 * @param networkInterfaces ids of the interfaces that it answers on
 * @param version           V1 or V2; {@code null} for Firecracker's default
 * @param ipv4Address       its address; {@code null} for Firecracker's default
 * @param imdsCompat        whether it answers as another cloud's does; default false
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MmdsConfig(
        @JsonProperty("network_interfaces") List<String> networkInterfaces,
        @JsonProperty("version") String version,
        @JsonProperty("ipv4_address") String ipv4Address,
        @JsonProperty("imds_compat") Boolean imdsCompat) {

    public MmdsConfig {
        networkInterfaces = networkInterfaces == null ? List.of() : List.copyOf(networkInterfaces);
        imdsCompat = imdsCompat != null && imdsCompat;
    }

    void check(Problems problems) {
        problems.notSupported("mmds-config", networkInterfaces == null || networkInterfaces.isEmpty() ? "" : "for the interfaces " + networkInterfaces, "");
    }
}
