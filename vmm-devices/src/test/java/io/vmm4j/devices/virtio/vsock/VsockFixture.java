package io.vmm4j.devices.virtio.vsock;

import static io.vmm4j.devices.virtio.vsock.GuestSocket.CID;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.REQUEST;
import static io.vmm4j.devices.virtio.vsock.GuestSocket.RESPONSE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A socket device whose host listens on every port but 13. */
abstract class VsockFixture {

    static final byte[] NOTHING = new byte[0];

    final Map<Long, List<FakeStream>> connected = new HashMap<>();

    /** Listens on every port but 13. */
    VsockStream listen(long port) throws IOException {
        if (port == 13) {
            throw new IOException("ECONNREFUSED");
        }
        FakeStream stream = new FakeStream();
        connected.computeIfAbsent(port, key -> new ArrayList<>()).add(stream);
        return stream;
    }

    FakeStream stream(long port) {
        List<FakeStream> streams = connected.get(port);
        return streams.get(streams.size() - 1);
    }

    VirtioRig<VirtioVsock> rig() {
        return new VirtioRig<>(loop -> new VirtioVsock(loop, CID, this::listen)).start(1, 64, 64, 8);
    }

    static GuestSocket guest(VirtioRig<VirtioVsock> rig) {
        return new GuestSocket(rig, 32, 4096).fillRx();
    }

    static byte[] bytes(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** Connects the guest's port 1000 to the host's port 80. */
    FakeStream connect(GuestSocket guest) {
        guest.send(REQUEST, 1000, 80);
        assertEquals(RESPONSE, guest.takeOne().op());
        return stream(80);
    }
}
