package io.vmm4j.devices.virtio.fs;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The file system device under any driver. */
final class VirtioFsFuzzTest {

    private final FuzzDriver<VirtioFs> driver = new FuzzDriver<>(this::make, VirtioFsFuzzTest::request, (fs, program) -> files().isLocked = program.flag());
    private FakeFiles files = new FakeFiles();

    @FuzzTest
    void fs(byte[] program) {
        files = new FakeFiles();
        driver.run(program);
    }

    private FakeFiles files() {
        return files;
    }

    private VirtioFs make(EventLoop loop, NanoClock clock) {
        return new VirtioFs(new FsConfig("fuzz", 1, 32), files, loop, List.of(loop));
    }

    /** Mostly a request that there is, with mostly small numbers, and often the one that begins a session. */
    private static byte[] request(ByteProgram program) {
        if (program.below(4) == 0) {
            return header(26, 0, 40 + 16, program).putInt(7).putInt(31 + program.below(9)).putInt(0).putInt((int) program.number()).array();
        }
        int words = program.below(14);
        ByteBuffer request = header(program.below(52), program.below(4), 40 + 8 * words, program);
        for (int i = 0; i < words; i++) {
            request.putLong(program.flag() ? program.below(20) : program.number());
        }
        return request.array();
    }

    private static ByteBuffer header(int opcode, long node, int length, ByteProgram program) {
        int told = program.u8() == 0 ? (int) program.number() : length;
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN).putInt(told).putInt(opcode).putLong(program.u8()).putLong(node)
                .putInt(program.u8()).putInt(0).putInt(0).putInt(0);
    }
}
