package io.vmm4j.devices.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BusTest {

    /** Reads as its own base with the offset in the low byte, in all 8 bytes; notes writes. */
    private static final class Probe implements BusDevice {

        private final List<String> writes = new ArrayList<>();
        private final long pattern;

        Probe(long pattern) {
            this.pattern = pattern;
        }

        @Override
        public long read(long offset, int width) {
            return pattern | offset;
        }

        @Override
        public void write(long offset, int width, long value) {
            writes.add(Long.toHexString(offset) + "/" + width + "=" + Long.toHexString(value));
        }
    }

    private final Probe com1 = new Probe(0xffff_ffff_ffff_ff00L);
    private final Probe cmos = new Probe(0x70);
    private final Probe top = new Probe(0xf0);
    private final Bus bus = new BusBuilder("test bus")
        .add("COM1", 0x3f8, 8, com1)
        .add("top", 0xffff_ffff_ffff_f000L, 0x1000, top)
        .add("CMOS", 0x70, 2, cmos)
        .build();

    @Test
    void anAccessReachesTheDeviceAtItsOffset() {
        assertEquals(0x05, bus.read(0x3fd, 1), "value cut to the width");
        assertEquals(0xff04, bus.read(0x3fc, 2));
        assertEquals(0x71, bus.read(0x71, 1));
        assertEquals(0xff, bus.read(0xffff_ffff_ffff_f00fL, 4), "addresses are unsigned");
        bus.write(0x3f9, 1, 0x1234);
        bus.write(0x70, 2, -1);
        assertEquals(List.of("1/1=34"), com1.writes, "value cut to the width");
        assertEquals(List.of("0/2=ffff"), cmos.writes);
    }

    @Test
    void whatNoDeviceClaimsReadsAsAllOnesOfTheWidth() {
        assertEquals(0xffL, bus.read(0x80, 1));
        assertEquals(0xffffL, bus.read(0x80, 2));
        assertEquals(0xffff_ffffL, bus.read(0x80, 4));
        assertEquals(-1L, bus.read(0x80, 8));
        assertEquals(0xffL, new BusBuilder("empty").build().read(0, 1));
    }

    @Test
    void anAccessThatLeavesItsWindowReachesNoDevice() {
        assertEquals(0xffffL, bus.read(0x71, 2));
        assertEquals(0xffff_ffffL, bus.read(0x3f7, 4));
        assertEquals(0xffffL, bus.read(-1, 2));
        bus.write(0x71, 2, 0);
        bus.write(0x6f, 2, 0);
        assertEquals(List.of(), cmos.writes);
        assertFalse(bus.isClaimed(0x71, 2));
        assertTrue(bus.isClaimed(0x70, 2));
    }

    @Test
    void eachUnclaimedAddressCountsOnceAndOnlyTheFirst32AreKept() {
        for (int round = 0; round < 3; round++) {
            bus.read(0x80, 1);
            bus.write(0x80, 4, 0);
        }
        assertEquals(1, bus.unclaimedCount());
        for (int port = 0x1000; port < 0x2000; port++) {
            bus.read(port, 1);
        }
        assertEquals(32, bus.unclaimedCount());
    }

    @Test
    void whatGuestsAreKnownToTryIsNotWarnedOfAndTakesNoPlaceOfOthers() {
        Bus ports = new BusBuilder("port").add("COM1", 0x3f8, 8, com1).expectProbes(0x1000, 0x1000).expectProbes(0x80, 1).build();
        assertEquals(0xffL, ports.read(0x80, 1));
        for (int port = 0x1000; port < 0x2000; port++) {
            ports.write(port, 1, 0);
        }
        assertEquals(0, ports.unclaimedCount());
        ports.read(0x81, 1);
        ports.read(0x2000, 1);
        ports.read(0x7f, 2);
        assertEquals(3, ports.unclaimedCount());
    }

    @Test
    void overlappingWindowsAreRefusedByName() {
        BusBuilder builder = new BusBuilder("port I/O").add("COM1", 0x3f8, 8, com1);
        String message = assertThrows(IllegalArgumentException.class, () -> builder.add("IDE", 0x3f6, 3, cmos)).getMessage();
        assertEquals("port I/O: IDE at 0x3f6..0x3f8 overlaps COM1 at 0x3f8..0x3ff", message);
    }

    @Test
    void oddWidthsDoNoHarm() {
        assertEquals(0, bus.read(0x3f8, 0));
        assertEquals(0, bus.read(0x3f8, -1));
        assertEquals(-1, bus.read(0x3f8, Integer.MAX_VALUE));
        bus.write(0x3f8, 16, 1);
        assertEquals(List.of(), com1.writes);
    }

    @Test
    void anAccessAllocatesNothing() {
        Bus octets = new BusBuilder("quiet").add("ram", 0, 0x100, new BusDevice() {
            private long kept;

            @Override
            public long read(long offset, int width) {
                return kept;
            }

            @Override
            public void write(long offset, int width, long value) {
                kept = value;
            }
        }).build();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int accesses = 200_000;
        use(octets, accesses);
        long before = threads.getCurrentThreadAllocatedBytes();
        use(octets, accesses);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(allocated < accesses, allocated + " bytes for " + accesses + " accesses: less than one a access");
    }

    private static void use(Bus bus, int accesses) {
        for (int i = 0; i < accesses; i++) {
            bus.write(i & 0xff, 1, i);
            bus.read(i & 0xff, 1);
            bus.read(0x1000 + (i & 0x3f), 1);
        }
    }
}
