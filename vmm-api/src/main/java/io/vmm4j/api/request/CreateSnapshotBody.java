package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /snapshot/create}.
 *
 * @param snapshotType {@code Full} or {@code Diff}
 * @param snapshotPath for the machine's state
 * @param memFilePath for its memory
 */
public record CreateSnapshotBody(String snapshotType, String snapshotPath, String memFilePath) {

    /** How it is written. */
    public static final Struct<CreateSnapshotBody> SHAPE = new Struct<>("CreateSnapshotParams", true,
            Field.withDefault("snapshot_type", Choices.SNAPSHOT_TYPE, "Full"),
            Field.of("snapshot_path", Shapes.PATH),
            Field.of("mem_file_path", Shapes.PATH)) {
        @Override
        protected CreateSnapshotBody build(Values values) {
            return new CreateSnapshotBody(values.get("snapshot_type"), values.get("snapshot_path"), values.get("mem_file_path"));
        }
    };
}
