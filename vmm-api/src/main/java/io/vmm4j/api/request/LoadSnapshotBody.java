package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;
import java.util.List;

/**
 * {@code PUT /snapshot/load}.
 *
 * @param snapshotPath the machine's state
 * @param memFilePath its memory, or {@code null}
 * @param memBackend its memory, or {@code null}
 * @param enableDiffSnapshots going to be removed
 * @param trackDirtyPages for later snapshots
 * @param resumeVm whether the guest goes on at once
 * @param networkOverrides other taps
 * @param vsockOverride another socket, or {@code null}
 * @param clockRealtime whether the guest's clock catches up
 */
public record LoadSnapshotBody(String snapshotPath, String memFilePath, MemBackendBody memBackend, Boolean enableDiffSnapshots,
        Boolean trackDirtyPages, Boolean resumeVm, List<NetworkOverrideBody> networkOverrides, VsockOverrideBody vsockOverride,
        Boolean clockRealtime) {

    /** How it is written. */
    public static final Struct<LoadSnapshotBody> SHAPE = new Struct<>("LoadSnapshotConfig", true,
            Field.of("snapshot_path", Shapes.PATH),
            Field.of("mem_file_path", Shapes.optional(Shapes.PATH)),
            Field.of("mem_backend", Shapes.optional(MemBackendBody.SHAPE)),
            Field.withDefault("enable_diff_snapshots", Shapes.BOOL, false),
            Field.withDefault("track_dirty_pages", Shapes.BOOL, false),
            Field.withDefault("resume_vm", Shapes.BOOL, false),
            Field.withDefault("network_overrides", Shapes.list(NetworkOverrideBody.SHAPE), List.of()),
            Field.of("vsock_override", Shapes.optional(VsockOverrideBody.SHAPE)),
            Field.withDefault("clock_realtime", Shapes.BOOL, false)) {
        @Override
        protected LoadSnapshotBody build(Values values) {
            return new LoadSnapshotBody(values.get("snapshot_path"), values.get("mem_file_path"), values.get("mem_backend"),
                    values.get("enable_diff_snapshots"), values.get("track_dirty_pages"), values.get("resume_vm"),
                    values.get("network_overrides"), values.get("vsock_override"), values.get("clock_realtime"));
        }
    };
}
