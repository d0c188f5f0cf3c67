package io.vmm4j.devices.virtio.vsock;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.vmm4j.devices.testing.ByteProgram;
import io.vmm4j.devices.testing.FuzzDriver;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.NanoClock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The socket device under any driver, with connections from both sides and hosts that do as they like. */
final class VirtioVsockFuzzTest {

    private static final int REFUSED = 3;

    private final FuzzDriver<VirtioVsock> driver = new FuzzDriver<>(this::make, VirtioVsockFuzzTest::request, this::host);
    private final List<FakeStream> streams = new ArrayList<>();

    @FuzzTest
    void vsock(byte[] program) {
        streams.clear();
        driver.run(program);
    }

    private VirtioVsock make(EventLoop loop, NanoClock clock) {
        return new VirtioVsock(loop, GuestSocket.CID, this::listen);
    }

    private VsockStream listen(long port) throws IOException {
        if (port == REFUSED) {
            throw new IOException("ECONNREFUSED");
        }
        FakeStream stream = new FakeStream();
        streams.add(stream);
        return stream;
    }

    /** A packet, mostly of one of a few connections. */
    private static byte[] request(ByteProgram program) {
        int length = program.of(0, 0, 1, 100, program.u8() * 8);
        int odd = program.u8();
        ByteBuffer packet = ByteBuffer.allocate(44 + length).order(ByteOrder.LITTLE_ENDIAN);
        packet.putLong(odd == 1 ? program.number() : GuestSocket.CID).putLong(odd == 2 ? program.number() : 2);
        packet.putInt(1000 + program.below(3)).putInt(program.flag() ? program.below(4) : 0x4000_0000 + program.below(4));
        packet.putInt(odd == 3 ? (int) program.number() : length).putShort((short) (odd == 4 ? program.u8() : 1));
        packet.putShort((short) program.below(9)).putInt(program.below(4));
        packet.putInt(odd < 64 ? (int) program.number() : 0x1_0000).putInt(odd < 64 ? (int) program.number() : 0);
        return packet.array();
    }

    private void host(VirtioVsock vsock, ByteProgram program) {
        int what = program.below(9);
        if (what == 0) {
            FakeStream stream = new FakeStream();
            if (vsock.connect(1000 + program.below(3), stream)) {
                streams.add(stream);
            }
            return;
        }
        if (what == 1) {
            vsock.resetTransport();
            return;
        }
        if (streams.isEmpty()) {
            return;
        }
        FakeStream stream = streams.get(program.u8() % streams.size());
        switch (what) {
            case 2, 3 -> stream.hostWrites(new byte[program.u16() & 0x3FFF]);
            case 4 -> stream.hostReads(program.u16());
            case 5 -> stream.hostEnds();
            case 6 -> stream.hostHangsUp();
            case 7 -> stream.setReadFails();
            default -> stream.setWriteFails();
        }
    }
}
