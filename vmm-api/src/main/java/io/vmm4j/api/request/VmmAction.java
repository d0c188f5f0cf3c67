package io.vmm4j.api.request;

/** What a request asks for, with all that it says. */
public sealed interface VmmAction {

    /** The actions that carry nothing. */
    enum Plain implements VmmAction {
        GET_INFO, GET_VERSION, GET_MACHINE_CONFIG, GET_VM_CONFIG, GET_BALLOON, GET_BALLOON_STATISTICS, GET_HINTING_STATUS,
        GET_MEMORY_HOTPLUG, GET_MMDS, START, FLUSH_METRICS, SEND_CTRL_ALT_DEL, PAUSE, RESUME, STOP_HINTING, PUT_MMDS, PATCH_MMDS
    }

    /** {@code PUT /boot-source}. */
    record SetBootSource(BootSourceBody body) implements VmmAction {
    }

    /** {@code PUT} and {@code PATCH /machine-config}. */
    record UpdateMachine(MachineUpdateBody body) implements VmmAction {
    }

    /** {@code PUT /cpu-config}. */
    record SetCpuConfig(CpuConfigBody body) implements VmmAction {
    }

    /** {@code PUT /drives/ID}. */
    record InsertDrive(DriveBody body) implements VmmAction {
    }

    /** {@code PATCH /drives/ID}. */
    record UpdateDrive(DriveUpdateBody body) implements VmmAction {
    }

    /** {@code PUT /network-interfaces/ID}. */
    record InsertNetwork(NetworkBody body) implements VmmAction {
    }

    /** {@code PATCH /network-interfaces/ID}. */
    record UpdateNetwork(NetworkUpdateBody body) implements VmmAction {
    }

    /** {@code PUT /pmem/ID}. */
    record InsertPmem(PmemBody body) implements VmmAction {
    }

    /** {@code PATCH /pmem/ID}. */
    record UpdatePmem(PmemUpdateBody body) implements VmmAction {
    }

    /** {@code DELETE} of a drive, an interface or a pmem device. */
    record Unplug(String id) implements VmmAction {
    }

    /** {@code PUT /vsock}. */
    record SetVsock(VsockBody body) implements VmmAction {
    }

    /** {@code PUT /balloon}. */
    record SetBalloon(BalloonBody body) implements VmmAction {
    }

    /** {@code PATCH /balloon}. */
    record UpdateBalloon(BalloonUpdateBody body) implements VmmAction {
    }

    /** {@code PATCH /balloon/statistics}. */
    record UpdateBalloonStatistics(BalloonStatsUpdateBody body) implements VmmAction {
    }

    /** {@code PATCH /balloon/hinting/start}. */
    record StartHinting(HintingBody body) implements VmmAction {
    }

    /** {@code PUT /entropy}. */
    record SetEntropy(EntropyBody body) implements VmmAction {
    }

    /** {@code PUT /serial}. */
    record SetSerial(SerialBody body) implements VmmAction {
    }

    /** {@code PUT /logger}. */
    record SetLogger(LoggerBody body) implements VmmAction {
    }

    /** {@code PUT /metrics}. */
    record SetMetrics(MetricsBody body) implements VmmAction {
    }

    /** {@code PUT /hotplug/memory}. */
    record SetMemoryHotplug(MemoryHotplugBody body) implements VmmAction {
    }

    /** {@code PATCH /hotplug/memory}. */
    record UpdateMemoryHotplug(MemoryHotplugUpdateBody body) implements VmmAction {
    }

    /** {@code PUT /mmds/config}. */
    record SetMmdsConfig(MmdsConfigBody body) implements VmmAction {
    }

    /** {@code PUT /snapshot/create}. */
    record CreateSnapshot(CreateSnapshotBody body) implements VmmAction {
    }

    /** {@code PUT /snapshot/load}. */
    record LoadSnapshot(LoadSnapshotBody body) implements VmmAction {
    }
}
