package io.vmm4j.cli.firecracker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.snapshot.file.MemoryLayout;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.core.snapshot.file.PageSource;
import io.vmm4j.core.snapshot.file.SnapshotInfo;
import io.vmm4j.core.snapshot.file.SnapshotLabel;
import io.vmm4j.core.snapshot.file.SnapshotWriter;
import io.vmm4j.devices.state.State;
import io.vmm4j.kvm.libc.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotTextTest {

    @TempDir
    Path directory;

    @Test
    void theFormatIsWrittenAsFirecrackersAndMarkedAsAnothers() {
        assertEquals("v1.0.0-vmm4j", SnapshotText.version(1));
    }

    @Test
    void aStateFileIsDescribedByItsFormatAndWhatItIsOf() throws Exception {
        Path state = directory.resolve("s");
        SnapshotInfo info;
        try (Mapping ram = Mapping.anonymous(2 << 20); SnapshotWriter writer = SnapshotWriter.create(state, directory.resolve("m"))) {
            writer.full(new MemoryLayout(List.of(new MemoryLayout.Region(0, 2 << 20))), PageSource.of(ram, null), PageSet.full(512));
            info = writer.commit(new SnapshotLabel("web", 3, List.of()), State.builder().build());
        }
        List<String> lines = SnapshotText.describe(state.toString());
        assertEquals("v1.0.0-vmm4j", lines.get(0));
        assertTrue(lines.get(1).startsWith("snapshot " + info.id() + " of machine web, full, taken "), lines.get(1));
        assertTrue(lines.get(1).endsWith(": 3 vCPUs, 2 MiB"), lines.get(1));
    }

    @Test
    void oneOfFirecrackersIsTold() throws Exception {
        Path state = directory.resolve("fc");
        Files.write(state, ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN).putLong(0x0710_1984_8664_0000L).array());
        IOException refusal = assertThrows(IOException.class, () -> SnapshotText.describe(state.toString()));
        assertTrue(refusal.getMessage().contains("is a snapshot of Firecracker's"), refusal::getMessage);
    }
}
