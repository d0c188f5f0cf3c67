package io.vmm4j.devices.ioapic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Register numbers and fields are those of the 82093AA datasheet, section 3.2. */
class IoApicTest {

    private final List<String> heard = new ArrayList<>();
    private final IoApic ioApic = new IoApic(new MessageRoutes() {
        @Override
        public void route(int input, long address, int data) {
            heard.add(input + " to " + Long.toHexString(address) + " " + Integer.toHexString(data));
        }

        @Override
        public void cut(int input) {
            heard.add(input + " cut");
        }
    });

    private void write(int register, long value) {
        ioApic.write(0x00, 4, register);
        ioApic.write(0x10, 4, value);
    }

    private long read(int register) {
        ioApic.write(0x00, 4, register);
        return ioApic.read(0x10, 4);
    }

    private void entry(int input, long high, long low) {
        write(0x11 + 2 * input, high);
        write(0x10 + 2 * input, low);
    }

    @Test
    void itHasTheVersionOfTheChipAnd24Inputs() {
        assertEquals(0x00170011, read(0x01));
        write(0x01, 0xFFFFFFFFL);
        assertEquals(0x00170011, read(0x01), "read only");
    }

    @Test
    void theIdentificationIsFourBitsAndTheArbitrationPriorityFollowsIt() {
        write(0x00, 0xFFFFFFFFL);
        assertEquals(0x0F000000, read(0x00));
        assertEquals(0x0F000000, read(0x02));
        write(0x02, 0);
        assertEquals(0x0F000000, read(0x02), "read only");
    }

    @Test
    void theSelectRegisterReadsBackInEightBits() {
        ioApic.write(0x00, 4, 0x1FF);
        assertEquals(0xFF, ioApic.read(0x00, 4));
    }

    @Test
    void everyInputIsMaskedAtFirstAndNothingIsRouted() {
        for (int input = 0; input < 24; input++) {
            assertEquals(0x00010000, read(0x10 + 2 * input));
            assertEquals(0, read(0x11 + 2 * input));
        }
        assertEquals(List.of(), heard);
    }

    @Test
    void anUnmaskedInputBecomesAMessageToItsDestination() {
        entry(4, 0x03000000, 0x0044);
        assertEquals(List.of("4 to fee03000 44"), heard);
        assertEquals(0x03000000, read(0x11 + 8));
        assertEquals(0x44, read(0x10 + 8));
    }

    @Test
    void destinationsBeyond255HaveTheirHighBitsInTheUpperHalfOfTheAddress() {
        // Destination 0x12C: low byte in bits 31 to 24, the next seven bits in 23 to 17.
        entry(23, 0x2C020000, 0x0051);
        entry(23, 0x2CFE0000, 0x0051);
        assertEquals(List.of("23 to 100fee2c000 51", "23 to 7f00fee2c000 51"), heard);
    }

    @Test
    void logicalDestinationsAndDeliveryModesReachTheMessage() {
        entry(1, 0xFF000000L, 0x0930);
        assertEquals(List.of("1 to feeff004 130"), heard, "lowest priority");
    }

    @Test
    void levelAndPolarityAreKeptAndAnEdgeIsSentAllTheSame() {
        entry(9, 0, 0xA031);
        assertEquals(List.of("9 to fee00000 31"), heard);
        assertEquals(0xA031, read(0x10 + 18));
    }

    @Test
    void maskingCutsTheRouteOnce() {
        entry(4, 0, 0x44);
        write(0x10 + 8, 0x10044);
        write(0x10 + 8, 0x10045);
        assertEquals(List.of("4 to fee00000 44", "4 cut"), heard);
    }

    @Test
    void writingWhatIsThereAlreadyChangesNoRoute() {
        entry(4, 0, 0x44);
        entry(4, 0, 0x44);
        assertEquals(1, heard.size());
    }

    @Test
    void statusBitsAndReservedBitsCannotBeSet() {
        entry(0, 0x0001FFFF, 0xFFFFF044L);
        assertEquals(0x1A044, read(0x10), "delivery status, remote IRR and bits above 16 stay clear");
        assertEquals(0, read(0x11));
    }

    @Test
    void registersThatAreNotThereReadAsZeroAndDropWrites() {
        for (int register : new int[] {0x03, 0x0F, 0x40, 0xFF}) {
            write(register, 0xFFFFFFFFL);
            assertEquals(0, read(register));
        }
        for (long offset = 0; offset < 0x20; offset++) {
            for (int width : new int[] {1, 2, 4, 8}) {
                if (offset != 0x00 && offset != 0x10) {
                    ioApic.write(offset, width, -1);
                    assertEquals(0, ioApic.read(offset, width));
                }
            }
        }
        assertEquals(List.of(), heard);
    }

    @Test
    void whateverAGuestWritesTheInputAndTheMessageAreInRange() {
        long seed = 20251123;
        Random random = new Random(seed);
        IoApic any = new IoApic(new MessageRoutes() {
            @Override
            public void route(int input, long address, int data) {
                assertEquals(true, input >= 0 && input < 24 && (address & 0xFF_FFF0_0000L) == 0xFEE0_0000L && (data & ~0x7FF) == 0,
                        () -> "seed " + seed + ": " + input + " " + Long.toHexString(address) + " " + data);
            }

            @Override
            public void cut(int input) {
                assertEquals(true, input >= 0 && input < 24, () -> "seed " + seed + ": " + input);
            }
        });
        for (int i = 0; i < 100_000; i++) {
            any.write(random.nextInt(4) * 0x10 & 0x1F, 1 << random.nextInt(4), random.nextLong());
            any.read(random.nextInt(0x20), 1 << random.nextInt(4));
        }
    }
}
