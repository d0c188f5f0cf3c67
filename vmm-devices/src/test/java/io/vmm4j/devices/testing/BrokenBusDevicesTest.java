package io.vmm4j.devices.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.bus.BusDevice;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the kit is for: devices on a bus that each do one thing wrong, and do not survive it. */
@Timeout(120)
class BrokenBusDevicesTest {

    private static final long SEED = 20240229;

    /** Registers without a meaning, of which subclasses spoil something. */
    private static class Registers implements BusDevice {
        final byte[] bytes = new byte[6];

        @Override
        public synchronized long read(long offset, int width) {
            long value = 0;
            for (int i = width - 1; i >= 0; i--) {
                value = value << 8 | bytes[(int) offset + i] & 0xFF;
            }
            return value;
        }

        @Override
        public synchronized void write(long offset, int width, long value) {
            for (int i = 0; i < width; i++) {
                bytes[(int) offset + i] = (byte) (value >>> i * 8);
            }
        }
    }

    private static String failure(BusDevice device) {
        return assertThrows(AssertionError.class, () -> BusRig.survive(6, (line, loop) -> device, SEED)).getMessage();
    }

    @Test
    void registersThatDoNothingWrongSurvive() {
        BusRig.survive(6, (line, loop) -> new Registers(), SEED);
        BusRig.survive(1L << 40, (line, loop) -> new BusDevice() {
            @Override
            public long read(long offset, int width) {
                assertTrue(offset >= 0 && offset + width <= 1L << 40);
                return 0;
            }

            @Override
            public void write(long offset, int width, long value) {
                assertTrue(offset >= 0 && offset + width <= 1L << 40);
            }
        }, SEED);
    }

    @Test
    void aWidthThatWasForgottenIsNamed() {
        String said = failure(new Registers() {
            @Override
            public synchronized long read(long offset, int width) {
                if (width == 4) {
                    throw new IllegalArgumentException("width 4");
                }
                return super.read(offset, width);
            }
        });
        assertEquals("read(0, 4): the device threw java.lang.IllegalArgumentException: width 4", said);
    }

    @Test
    void anIndexThatTheGuestChoosesIsFound() {
        String said = failure(new Registers() {
            @Override
            public synchronized void write(long offset, int width, long value) {
                bytes[(int) (value & 0xFF)] = 1;
            }
        });
        assertTrue(said.startsWith("write(0, 1, 0xff): the device threw java.lang.ArrayIndexOutOfBoundsException"), said);
    }

    @Test
    void aDeviceThatKeepsAllItIsToldIsFound() {
        List<long[]> kept = new ArrayList<>();
        String said = failure(new Registers() {
            @Override
            public synchronized void write(long offset, int width, long value) {
                kept.add(new long[1024]);
                if (kept.size() > 1000) {
                    kept.clear();
                }
            }
        });
        assertTrue(said.contains("has allocated"), said);
    }

    @Test
    void aRegisterIsReadAndItsEdgesAreNobodys() {
        BusRig<Registers> rig = new BusRig<>(6, (line, loop) -> new Registers());
        rig.write(4, 2, 0x1234);
        assertEquals(0x1234, rig.read(4, 2));
        assertEquals(0xFFFF, rig.read(5, 2), "across the end");
        assertEquals(0xFF, rig.read(-1, 1));
        rig.write(5, 2, 0);
        assertEquals(0x1234, rig.read(4, 2), "dropped");
    }
}
