package io.vmm4j.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A balloon in RAM full of ones, and a host that blanks what it is given back. */
abstract class BalloonFixture {

    static final long STATS = 1L << 1;
    static final long DEFLATE_ON_OOM = 1L << 2;
    static final long HINT = 1L << 3;
    static final long REPORTING = 1L << 5;
    static final long DATA = VirtioRig.DATA;
    /** Where page numbers are written. */
    static final long LIST = 0x8_0000;
    static final int PAGE = 4096;

    /** Blanks what it is given, as the host does, and notes the lengths. */
    static final class BlankingBackend implements BalloonBackend {
        final List<Integer> lengths = new ArrayList<>();

        @Override
        public void discard(ByteBuffer range) {
            lengths.add(range.remaining());
            while (range.hasRemaining()) {
                range.put((byte) 0);
            }
        }
    }

    final BlankingBackend backend = new BlankingBackend();

    VirtioRig<VirtioBalloon> rig(BalloonConfig config) {
        VirtioRig<VirtioBalloon> rig = new VirtioRig<>(loop -> new VirtioBalloon(loop, config, backend));
        byte[] ones = new byte[VirtioRig.RAM_LENGTH - (int) DATA];
        Arrays.fill(ones, (byte) 1);
        GuestRam.put(rig.memory(), DATA, ones);
        return rig;
    }

    static BalloonConfig all() {
        return new BalloonConfig(0, true, 5, true, true);
    }

    static void putPfns(VirtioRig<?> rig, long... pfns) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * pfns.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long pfn : pfns) {
            bytes.putInt((int) pfn);
        }
        GuestRam.put(rig.memory(), LIST, bytes.array());
    }

    void inflate(VirtioRig<?> rig, long... pfns) {
        putPfns(rig, pfns);
        int id = rig.queue(0).add(Buffer.readable(LIST, 4L * pfns.length));
        rig.kick(0);
        assertEquals(new Used(id, 0), rig.queue(0).takeUsed());
    }

    static boolean isBlank(VirtioRig<?> rig, long pfn) {
        for (byte octet : GuestRam.get(rig.memory(), pfn * PAGE, PAGE)) {
            if (octet != 0) {
                return false;
            }
        }
        return true;
    }
}
