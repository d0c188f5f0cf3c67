package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A whole machine, as the configuration file has it: the one model behind every front door. Immutable; absent parts
 * take their defaults.
 *
 * @param bootSource    what to boot; required
 * @param drives        block devices in the order the guest finds them, the root device first
 * @param machineConfig processors and memory
 * @param logger        where the log goes, or {@code null} for the front door's default
 * @param serial        the host's end of the first serial port
 * @param vsock         sockets between guest and host, or {@code null} for none
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record VmConfig(
        @JsonProperty("boot-source") BootSourceConfig bootSource,
        @JsonProperty("drives") List<DriveConfig> drives,
        @JsonProperty("machine-config") MachineConfig machineConfig,
        @JsonProperty("logger") LoggerConfig logger,
        @JsonProperty("serial") SerialConfig serial,
        @JsonProperty("vsock") VsockConfig vsock) {

    public VmConfig {
        bootSource = bootSource == null ? new BootSourceConfig(null, null, null) : bootSource;
        drives = drives == null ? List.of() : rootFirst(drives);
        machineConfig = machineConfig == null ? MachineConfig.defaults() : machineConfig;
        serial = serial == null ? new SerialConfig(null) : serial;
    }

    private static List<DriveConfig> rootFirst(List<DriveConfig> drives) {
        return drives.stream()
                .sorted((a, b) -> Boolean.compare(b.isRootDevice(), a.isRootDevice()))
                .toList();
    }

    /**
     * Checks all that can be checked without looking at the host: ranges, contradictions, what is not supported yet.
     *
     * @throws ConfigException naming every problem found
     */
    public void check() throws ConfigException {
        Problems problems = new Problems();
        check(problems);
        problems.throwIfAny();
    }

    /** As {@link #check()}, into a collection that more checks may be added to. */
    public void check(Problems problems) {
        bootSource.check(problems);
        checkDrives(problems);
        machineConfig.check(problems);
        if (logger != null) {
            logger.check(problems);
        }
        serial.check(problems);
        if (vsock != null) {
            vsock.check(problems);
        }
    }

    private void checkDrives(Problems problems) {
        Set<String> ids = new HashSet<>();
        int roots = 0;
        for (int i = 0; i < drives.size(); i++) {
            String key = "drives[" + i + "]";
            DriveConfig drive = drives.get(i);
            drive.check(key, problems);
            problems.require(ids.add(drive.driveId()), key + ".drive_id",
                    "drive id \"" + drive.driveId() + "\" is used twice");
            roots += drive.isRootDevice() ? 1 : 0;
        }
        problems.require(roots <= 1, "drives", roots + " drives are marked as root device, at most 1 may be");
        problems.require(!drives.isEmpty() || bootSource.initrdPath() != null, "drives",
                "a root file system is required unless an initrd is given");
    }
}
