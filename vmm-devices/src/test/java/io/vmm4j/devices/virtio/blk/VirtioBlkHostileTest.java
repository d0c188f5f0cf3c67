package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.Hostile;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingLine;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VirtioBlkHostileTest {

    @TempDir
    private Path dir;

    static List<Hostile.Attack> attacks() {
        return Hostile.all(20240229);
    }

    @ParameterizedTest
    @MethodSource("attacks")
    void survives(Hostile.Attack attack) throws IOException {
        GuestMemory memory = Hostile.memory();
        ManualLoop loop = new ManualLoop(new ManualClock());
        Path image = Files.write(dir.resolve("disk.img"), new byte[8192]);
        try (FileBlkBackend backend = FileBlkBackend.open(image, false)) {
            VirtioBlk blk = new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), backend, List.of(loop));
            VirtioMmioTransport window = new VirtioMmioTransport(blk, memory, new RecordingLine(), loop);
            GuestRam.put(memory, 0x40000, new byte[16]);
            attack.run(new Hostile.Rig(memory, window, loop::run, 0));
        }
    }
}
