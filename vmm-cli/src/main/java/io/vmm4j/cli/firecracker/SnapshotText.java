package io.vmm4j.cli.firecracker;

import io.vmm4j.api.control.OsError;
import io.vmm4j.core.snapshot.file.SnapshotInfo;
import io.vmm4j.core.snapshot.file.SnapshotReader;
import io.vmm4j.devices.text.Printable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What {@code --snapshot-version} and {@code --describe-snapshot} print. */
final class SnapshotText {

    private SnapshotText() {
    }

    /** A format as Firecracker writes its own, marked as another's. */
    static String version(int format) {
        return "v" + format + ".0.0-vmm4j";
    }

    /**
     * The format of a state file, and a line of what it is.
     *
     * @throws IOException in one line, when it is none of vmm4j's: one of Firecracker's is told
     */
    static List<String> describe(String file) throws IOException {
        Path path = OsError.path(file);
        SnapshotInfo info = SnapshotReader.describe(path);
        String kind = info.base().map(base -> "a diff to snapshot " + base).orElse("full");
        return List.of(version(info.format()), Printable.line("snapshot " + info.id() + " of machine " + info.label().name() + ", " + kind + ", taken "
                + info.created() + " by vmm4j " + info.program() + ": " + info.label().vcpus() + " vCPUs, " + (info.memoryBytes() >> 20) + " MiB"));
    }
}
