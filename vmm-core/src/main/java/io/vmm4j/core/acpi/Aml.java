package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;
import java.nio.charset.StandardCharsets;

/**
 * Encodes ACPI machine language (ACPI 6.5, chapter 20): each method gives the bytes of one term, made of the bytes of
 * its parts.
 */
final class Aml {

    private static final int ZERO_OP = 0x00;
    private static final int ONE_OP = 0x01;
    private static final int NAME_OP = 0x08;
    private static final int BYTE_PREFIX = 0x0A;
    private static final int WORD_PREFIX = 0x0B;
    private static final int DWORD_PREFIX = 0x0C;
    private static final int STRING_PREFIX = 0x0D;
    private static final int QWORD_PREFIX = 0x0E;
    private static final int SCOPE_OP = 0x10;
    private static final int BUFFER_OP = 0x11;
    private static final int PACKAGE_OP = 0x12;
    static final int EXT_OP_PREFIX = 0x5B;
    private static final int DEVICE_OP = 0x82;

    private static final int NAME_SEG_LENGTH = 4;
    private static final char ROOT_CHAR = '\\';
    private static final int DUAL_NAME_PREFIX = 0x2E;
    private static final int MULTI_NAME_PREFIX = 0x2F;

    private static final int ONE_BYTE_PKG_LENGTH_MAX = 0x3F;
    private static final int PKG_LENGTH_BYTES_MAX = 4;
    private static final int LEAD_NIBBLE = 0xF;
    private static final int LEAD_NIBBLE_BITS = 4;
    private static final int LEAD_COUNT_SHIFT = 6;

    private Aml() {
    }

    /** 20.2.3 ComputationalData: an integer of up to 64 bits, in the shortest form. */
    static byte[] integer(long value) {
        if (value == 0) {
            return bytes(ZERO_OP);
        }
        if (value == 1) {
            return bytes(ONE_OP);
        }
        if (value >>> Byte.SIZE == 0) {
            return new TableBytes().u8(BYTE_PREFIX).u8((int) value).toByteArray();
        }
        if (value >>> Short.SIZE == 0) {
            return new TableBytes().u8(WORD_PREFIX).u16((int) value).toByteArray();
        }
        if (value >>> Integer.SIZE == 0) {
            return new TableBytes().u8(DWORD_PREFIX).u32(value).toByteArray();
        }
        return new TableBytes().u8(QWORD_PREFIX).u64(value).toByteArray();
    }

    /** 20.2.3 String: ASCII. */
    static byte[] string(String text) {
        return new TableBytes().u8(STRING_PREFIX).ascii(text, text.length() + 1, '\0').toByteArray();
    }

    /** 20.2.5.1 DefName: {@code Name (name, object)}. */
    static byte[] name(String name, byte[] object) {
        return join(bytes(NAME_OP), path(name), object);
    }

    /** 20.2.5.1 DefScope: {@code Scope (name) {terms}}. */
    static byte[] scope(String name, byte[]... terms) {
        return join(bytes(SCOPE_OP), withPkgLength(join(path(name), join(terms))));
    }

    /** 20.2.5.2 DefDevice: {@code Device (name) {terms}}. */
    static byte[] device(String name, byte[]... terms) {
        return join(bytes(EXT_OP_PREFIX, DEVICE_OP), withPkgLength(join(path(name), join(terms))));
    }

    /** 20.2.5.4 DefBuffer: {@code Buffer () {content}}. */
    static byte[] buffer(byte[] content) {
        return join(bytes(BUFFER_OP), withPkgLength(join(integer(content.length), content)));
    }

    /** 20.2.5.4 DefPackage: {@code Package () {elements}}. */
    static byte[] packageOf(byte[]... elements) {
        return join(bytes(PACKAGE_OP), withPkgLength(join(bytes(elements.length), join(elements))));
    }

    /**
     * 19.6.36 EisaId: a compressed seven-character id such as {@code PNP0501}, as an integer.
     *
     * @param id three capital letters and four hexadecimal digits
     */
    static byte[] eisaId(String id) {
        int letterBits = 5;
        int manufacturer = 0;
        for (int i = 0; i < 3; i++) {
            manufacturer = manufacturer << letterBits | id.charAt(i) - '@';
        }
        int product = Integer.parseInt(id.substring(3), 16);
        return integer(Integer.toUnsignedLong(Integer.reverseBytes(manufacturer << Short.SIZE | product)));
    }

    /** The terms one after the other. */
    static byte[] join(byte[]... terms) {
        TableBytes joined = new TableBytes();
        for (byte[] term : terms) {
            joined.bytes(term);
        }
        return joined.toByteArray();
    }

    /** 20.2.2 NameString: segments with dots between, which may hang off the root; short ones are filled with underscores. */
    static byte[] path(String name) {
        boolean absolute = name.charAt(0) == ROOT_CHAR;
        String[] segments = (absolute ? name.substring(1) : name).split("\\.");
        TableBytes encoded = new TableBytes();
        if (absolute) {
            encoded.u8(ROOT_CHAR);
        }
        if (segments.length == 2) {
            encoded.u8(DUAL_NAME_PREFIX);
        } else if (segments.length > 2) {
            encoded.u8(MULTI_NAME_PREFIX).u8(segments.length);
        }
        for (String segment : segments) {
            encoded.ascii(segment, NAME_SEG_LENGTH, '_');
        }
        return encoded.toByteArray();
    }

    /**
     * 20.2.4 PkgLength: one to four bytes that count themselves and {@code content}. One byte has six bits for the
     * length; of more, the first has four and says how many follow with eight each.
     */
    static byte[] withPkgLength(byte[] content) {
        if (content.length + 1 <= ONE_BYTE_PKG_LENGTH_MAX) {
            return join(bytes(content.length + 1), content);
        }
        int following = 1;
        while (content.length + 1 + following >>> LEAD_NIBBLE_BITS + following * Byte.SIZE != 0) {
            following++;
        }
        if (following >= PKG_LENGTH_BYTES_MAX) {
            throw new IllegalArgumentException("an AML package of " + content.length + " bytes");
        }
        int length = content.length + 1 + following;
        TableBytes encoded = new TableBytes().u8(following << LEAD_COUNT_SHIFT | length & LEAD_NIBBLE);
        for (int i = 0; i < following; i++) {
            encoded.u8(length >>> LEAD_NIBBLE_BITS + i * Byte.SIZE);
        }
        return encoded.bytes(content).toByteArray();
    }

    /** Octets. */
    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
