package io.vmm4j.devices.virtio.mmio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.testing.PlainPort;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.blk.BlkConfig;
import io.vmm4j.devices.virtio.blk.CacheType;
import io.vmm4j.devices.virtio.blk.FileBlkBackend;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import io.vmm4j.devices.virtio.net.MacAddress;
import io.vmm4j.devices.virtio.net.NetConfig;
import io.vmm4j.devices.virtio.net.VirtioNet;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What drivers rely on of each request in order: it comes back once, and says as many bytes as were written. */
final class HonestDevicesTest {

    @TempDir
    Path directory;

    private byte[] blk(int type, int room) {
        byte[] header = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(0, type).putLong(8, 1).array();
        return VirtioRig.exchange(0, loop -> {
            try {
                byte[] content = new byte[4096];
                Arrays.fill(content, 512, 1024, (byte) 7);
                FileBlkBackend disk = FileBlkBackend.open(Files.write(directory.resolve("disk"), content), false);
                return new VirtioBlk(new BlkConfig(false, CacheType.WRITEBACK), disk, List.of(loop));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, header, room);
    }

    @Test
    void aBlockDeviceReadsTellsItsIdAndRefuses() {
        byte[] sector = blk(0, 513);
        assertEquals(513, sector.length);
        assertEquals(7, sector[511]);
        assertEquals(0, sector[512], "VIRTIO_BLK_S_OK");
        assertEquals(21, blk(8, 21).length, "an id of 20 bytes, and the status");
        assertArrayEquals(new byte[] {2}, blk(4, 1), "VIRTIO_BLK_S_UNSUPP, for FLUSH was not negotiated");
    }

    @Test
    void anEntropyDeviceFillsWhatThereIsRoomFor() {
        byte[] random = VirtioRig.exchange(0, loop -> new VirtioRng(loop, target -> {
            while (target.hasRemaining()) {
                target.put((byte) 9);
            }
        }), new byte[0], 100);
        assertEquals(100, random.length);
    }

    @Test
    void aNetworkDeviceWritesNothingToWhatItSends() {
        byte[] answer = VirtioRig.exchange(1, loop -> new VirtioNet(loop, NetConfig.of(MacAddress.parse("02:00:00:00:00:01")), new PlainPort() {
            @Override
            public int receive(int pair, ByteBuffer frame) {
                return 0;
            }

            @Override
            public boolean send(int pair, ByteBuffer[] pieces, int count) {
                return true;
            }
        }), new byte[12 + 60], 0);
        assertEquals(0, answer.length);
    }
}
