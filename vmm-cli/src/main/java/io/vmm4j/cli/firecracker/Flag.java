package io.vmm4j.cli.firecracker;

/** Firecracker's flags, in the order of its help. */
enum Flag {
    API_SOCK("--api-sock", true, "Unix socket to make for the API. Default: /run/firecracker.socket", null),
    ID("--id", true, "The instance's name: 1 to 64 letters, digits and hyphens. Default: anonymous-instance", null),
    SECCOMP_FILTER("--seccomp-filter", true, "A seccomp filter. Refused.", "seccomp filters are"),
    NO_SECCOMP("--no-seccomp", false, "No seccomp filter. There is none.", null),
    START_TIME_US("--start-time-us", true, "When the process was started, CLOCK_MONOTONIC in microseconds, for the metrics.", null),
    START_TIME_CPU_US("--start-time-cpu-us", true, "The process's CPU time at its start in microseconds, for the metrics.", null),
    PARENT_CPU_TIME_US("--parent-cpu-time-us", true, "The parent's CPU time in microseconds, for the metrics.", null),
    CONFIG_FILE("--config-file", true, "File that describes the machine as JSON; it is started at once.", null),
    METADATA("--metadata", true, "Content of the metadata service. Refused.", "the metadata service is"),
    NO_API("--no-api", false, "No API socket; needs --config-file.", null),
    LOG_PATH("--log-path", true, "File or FIFO for the log. Default: standard output", null),
    LEVEL("--level", true, "Least severe level to log: Off, Error, Warning, Info, Debug or Trace. Default: Info", null),
    MODULE("--module", true, "Only logs of classes whose names begin with this, such as io.vmm4j.api.", null),
    SHOW_LEVEL("--show-level", false, "Log lines have their level.", null),
    SHOW_LOG_ORIGIN("--show-log-origin", false, "Log lines have their file and line.", null),
    METRICS_PATH("--metrics-path", true, "File or FIFO for the metrics.", null),
    BOOT_TIMER("--boot-timer", false, "A boot timer: the guest's first program has the time that the boot took logged.", null),
    SNAPSHOT_VERSION("--snapshot-version", false, "Print the format of the snapshots that are written: vmm4j's, not Firecracker's.", null),
    DESCRIBE_SNAPSHOT("--describe-snapshot", true, "Print the format of a snapshot's state file, and what it is of.", null),
    PAYLOAD_SIZE("--http-api-max-payload-size", true, "Largest body of a request in bytes. Default: 51200", null),
    MMDS_SIZE_LIMIT("--mmds-size-limit", true, "Limit of the metadata service. Refused.", "the metadata service is"),
    ENABLE_PCI("--enable-pci", false, "Devices on PCI. Refused.", "devices on PCI are");

    private final String text;
    private final boolean hasValue;
    private final String description;
    private final String absence;

    Flag(String text, boolean hasValue, String description, String absence) {
        this.text = text;
        this.hasValue = hasValue;
        this.description = description;
        this.absence = absence;
    }

    /** As it is typed. */
    String text() {
        return text;
    }

    /** As Firecracker's messages call it: without hyphens. */
    String bareName() {
        return text.substring(2);
    }

    boolean hasValue() {
        return hasValue;
    }

    /** One line for help. */
    String description() {
        return description;
    }

    /** The feature and its verb, for a flag that is refused because that is not there; else {@code null}. */
    String absence() {
        return absence;
    }
}
