package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Encodings are those of ACPI 6.5, chapter 20. */
class AmlTest {

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void integersTakeTheShortestForm() {
        assertArrayEquals(bytes(0x00), Aml.integer(0));
        assertArrayEquals(bytes(0x01), Aml.integer(1));
        assertArrayEquals(bytes(0x0A, 2), Aml.integer(2));
        assertArrayEquals(bytes(0x0A, 0xFF), Aml.integer(0xFF));
        assertArrayEquals(bytes(0x0B, 0x00, 0x01), Aml.integer(0x100));
        assertArrayEquals(bytes(0x0C, 0x00, 0x00, 0x01, 0x00), Aml.integer(0x10000));
        assertArrayEquals(bytes(0x0C, 0xFF, 0xFF, 0xFF, 0xFF), Aml.integer(0xFFFFFFFFL));
        assertArrayEquals(bytes(0x0E, 0, 0, 0, 0, 1, 0, 0, 0), Aml.integer(0x100000000L));
        assertArrayEquals(bytes(0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), Aml.integer(-1));
    }

    @Test
    void namesAreFilledToFourCharacters() {
        assertArrayEquals(bytes(0x08, 'A', 'B', '_', '_', 0x01), Aml.name("AB", Aml.integer(1)));
        assertArrayEquals(bytes(0x08, '\\', '_', 'S', '5', '_', 0x01), Aml.name("\\_S5", Aml.integer(1)));
    }

    @Test
    void stringsEndInZero() {
        assertArrayEquals(bytes(0x0D, 'C', 'O', 'M', 0), Aml.string("COM"));
    }

    @Test
    void eisaIdsAreCompressed() {
        assertArrayEquals(bytes(0x0C, 0x41, 0xD0, 0x05, 0x01), Aml.eisaId("PNP0501"));
        assertArrayEquals(bytes(0x0C, 0x41, 0xD0, 0x0B, 0x00), Aml.eisaId("PNP0B00"));
    }

    @Test
    void devicesScopesBuffersAndPackagesCountThemselves() {
        assertArrayEquals(bytes(0x10, 0x05, 'A', 'B', 'C', 'D'), Aml.scope("ABCD"));
        assertArrayEquals(bytes(0x5B, 0x82, 0x05, 'A', 'B', 'C', 'D'), Aml.device("ABCD"));
        assertArrayEquals(bytes(0x11, 0x05, 0x0A, 2, 7, 8), Aml.buffer(bytes(7, 8)));
        assertArrayEquals(bytes(0x12, 0x04, 2, 0, 1), Aml.packageOf(Aml.integer(0), Aml.integer(1)));
    }

    /** The length in a scope of {@code contentLength} bytes behind its name, read back as the specification says. */
    private static void assertLengthReadsBack(int contentLength, int expectedLengthBytes) {
        byte[] scope = Aml.scope("ABCD", new byte[contentLength]);
        int lead = scope[1] & 0xFF;
        int following = lead >>> 6;
        int length = following == 0 ? lead & 0x3F : lead & 0xF;
        for (int i = 0; i < following; i++) {
            length |= (scope[2 + i] & 0xFF) << 4 + 8 * i;
        }
        assertEquals(expectedLengthBytes, following + 1, contentLength + " bytes");
        assertEquals(scope.length - 1, length, contentLength + " bytes");
        assertArrayEquals("ABCD".getBytes(), Arrays.copyOfRange(scope, 2 + following, 6 + following));
    }

    @Test
    void packageLengthsTakeOneToFourBytes() {
        assertLengthReadsBack(0x3F - 1 - 4, 1);
        assertLengthReadsBack(0x3F - 4, 2);
        assertLengthReadsBack(0xFFF - 2 - 4, 2);
        assertLengthReadsBack(0xFFF - 1 - 4, 3);
        assertLengthReadsBack(0xFFFFF - 3 - 4, 3);
        assertLengthReadsBack(0xFFFFF - 2 - 4, 4);
    }

    @Test
    void resourcesAreLaidOutAsTheSpecificationSays() {
        byte[] template = new ResourceTemplate().io(0x3f8, 8).memory(0xC0001000L, 0x1000).interrupt(5).toAml();
        byte[] content = bytes(
                0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08,
                0x86, 0x09, 0x00, 0x01, 0x00, 0x10, 0x00, 0xC0, 0x00, 0x10, 0x00, 0x00,
                0x89, 0x06, 0x00, 0x03, 0x01, 0x05, 0x00, 0x00, 0x00,
                0x79, 0x00);
        assertArrayEquals(Aml.buffer(content), template);
    }
}
