package io.vmm4j.core.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Formats that have no magic number, none at a fixed place, or one so short or so plain that a raw disk may begin with it: they are told by
 * more of their header.
 */
final class Unmarked {

    /** Where a boot sector has its signature, and what that is: a disk that has one is what it is. */
    private static final int BOOT_SIGNATURE = 510;

    /** Bytes of a tar header that its checksum is over. */
    private static final int TAR_HEADER = 512;
    private static final int TAR_CHECKSUM = 148;
    private static final int TAR_CHECKSUM_LENGTH = 8;

    private static final int CPIO_DIGITS = 6;
    /** Ends of the fields of the headers of both kinds of text: 13 of 8 hexadecimal digits, and 70 octal digits. */
    private static final int CPIO_NEW_HEADER = 110;
    private static final int CPIO_OLD_HEADER = 76;
    /** Magic number, ten 16-bit fields, of which the tenth is the name's size, and two of the file's size. */
    private static final int CPIO_BINARY_HEADER = 26;
    private static final int CPIO_BINARY_MAGIC = 0x71c7;
    private static final int CPIO_NAME_SIZE = 20;
    private static final int MOST_NAME = 1024;

    private Unmarked() {
    }

    /** The format that {@code head} begins, or {@code null}. */
    static FileFormat of(byte[] head) {
        if (isTar(head)) {
            return FileFormat.TAR;
        }
        if (isVmdkDescriptor(head)) {
            return FileFormat.VMDK;
        }
        if (isCpioText(head)) {
            return FileFormat.CPIO;
        }
        return isBootSector(head) ? null : ofFewBytes(head);
    }

    private static FileFormat ofFewBytes(byte[] head) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.max(head.length, CPIO_BINARY_HEADER + MOST_NAME)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(0, head);
        if (isCpioBinary(bytes) || isCpioBinary(bytes.duplicate().order(ByteOrder.BIG_ENDIAN))) {
            return FileFormat.CPIO;
        }
        if (isSkippableFrame(bytes.getInt(0))) {
            return ofFrameBehind(bytes);
        }
        if (isLzmaOfKnownSize(bytes)) {
            return FileFormat.LZMA;
        }
        if (isArj(bytes)) {
            return FileFormat.ARJ;
        }
        if (isLha(bytes)) {
            return FileFormat.LHA;
        }
        if (isDump(bytes) || isDump(bytes.duplicate().order(ByteOrder.BIG_ENDIAN))) {
            return FileFormat.DUMP;
        }
        return isPe(bytes) ? FileFormat.PE : null;
    }

    private static boolean isBootSector(byte[] head) {
        return head.length > BOOT_SIGNATURE + 1 && head[BOOT_SIGNATURE] == 0x55 && head[BOOT_SIGNATURE + 1] == (byte) 0xaa;
    }

    /** {@code 070701} and its like are text that anything may begin with: digits make up the rest of the header, too. */
    private static boolean isCpioText(byte[] head) {
        if (head.length < CPIO_DIGITS) {
            return false;
        }
        String magic = new String(head, 0, CPIO_DIGITS, StandardCharsets.ISO_8859_1);
        return switch (magic) {
            case "070701", "070702" -> areDigits(head, CPIO_NEW_HEADER, 16);
            case "070707" -> areDigits(head, CPIO_OLD_HEADER, 8);
            default -> false;
        };
    }

    private static boolean areDigits(byte[] head, int end, int radix) {
        if (head.length < end) {
            return false;
        }
        for (int i = CPIO_DIGITS; i < end; i++) {
            if (Character.digit(head[i], radix) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Its name has an end where its size says. */
    private static boolean isCpioBinary(ByteBuffer head) {
        int size = head.getShort(CPIO_NAME_SIZE) & 0xffff;
        return (head.getShort(0) & 0xffff) == CPIO_BINARY_MAGIC && size > 1 && size <= MOST_NAME
                && head.get(CPIO_BINARY_HEADER) != 0 && head.get(CPIO_BINARY_HEADER + size - 1) == 0;
    }

    /** zstd's and lz4's frames with data of others: 0x184d2a50 to 0x184d2a5f. */
    private static boolean isSkippableFrame(int magic) {
        return (magic & 0xfffffff0) == 0x184d2a50;
    }

    /** Both formats have such frames: what comes behind tells them apart, where it is near. */
    private static FileFormat ofFrameBehind(ByteBuffer head) {
        long next = 8 + (head.getInt(4) & 0xffffffffL);
        boolean isLz4 = next + Integer.BYTES <= head.capacity() && head.getInt((int) next) == 0x184d2204;
        return isLz4 ? FileFormat.LZ4 : FileFormat.ZSTD;
    }

    /** The usual properties, a dictionary of a power of two, a size below 1 TiB, and the zero that the coder begins with. */
    private static boolean isLzmaOfKnownSize(ByteBuffer head) {
        int dictionary = head.getInt(1);
        long size = head.getLong(5);
        return head.get(0) == 0x5d && dictionary >= 1 << 16 && Integer.bitCount(dictionary) == 1 && size > 0 && size < 1L << 40 && head.get(13) == 0;
    }

    /** 0x60 0xea, the size of a header up to 2600, that of its first part, and the main header's type, 2. */
    private static boolean isArj(ByteBuffer head) {
        int size = head.getShort(2) & 0xffff;
        return (head.getShort(0) & 0xffff) == 0xea60 && size >= 30 && size <= 2600 && head.get(4) >= 30 && head.get(10) == 2;
    }

    /** A method such as {@code -lh5-} behind two bytes. */
    private static boolean isLha(ByteBuffer head) {
        boolean isMethod = head.get(3) == 'l' && (head.get(4) == 'h' || head.get(4) == 'z') || head.get(3) == 'p' && head.get(4) == 'm';
        return head.get(2) == '-' && head.get(6) == '-' && isMethod && Character.isLetterOrDigit(head.get(5));
    }

    /** One of the six types of records, and the magic number of dumps since 4.2BSD. */
    private static boolean isDump(ByteBuffer head) {
        return head.getInt(24) == 60012 && head.getInt(0) >= 0 && head.getInt(0) <= 6;
    }

    /** {@code MZ}, and the place of {@code PE\0\0} at 0x3c. */
    private static boolean isPe(ByteBuffer head) {
        int place = head.getInt(0x3c);
        return head.getShort(0) == 0x5a4d && place > 0 && place <= FileFormat.HEAD_BYTES - Integer.BYTES && head.getInt(place) == 0x4550;
    }

    /** Whether {@code head} begins a tar archive from before POSIX, which only its header's checksum tells. */
    private static boolean isTar(byte[] head) {
        if (head.length < TAR_HEADER || head[0] == 0) {
            return false;
        }
        long sum = 0;
        for (int i = 0; i < TAR_HEADER; i++) {
            boolean isChecksum = i >= TAR_CHECKSUM && i < TAR_CHECKSUM + TAR_CHECKSUM_LENGTH;
            sum += isChecksum ? ' ' : head[i] & 0xff;
        }
        return sum == octal(head);
    }

    /** The checksum as the header has it, or -1. */
    private static long octal(byte[] head) {
        long value = -1;
        for (int i = TAR_CHECKSUM; i < TAR_CHECKSUM + TAR_CHECKSUM_LENGTH; i++) {
            int digit = head[i] - '0';
            if (digit >= 0 && digit < 8) {
                value = Math.max(value, 0) * 8 + digit;
            } else if (head[i] != ' ' || value >= 0) {
                break;
            }
        }
        return value;
    }

    /** Whether {@code head} is the text of a VMDK descriptor: its version, behind nothing but blank lines and comments. */
    private static boolean isVmdkDescriptor(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf('\n', at);
            String line = text.substring(at, end < 0 ? text.length() : end).strip();
            if (!line.isEmpty() && line.charAt(0) != '#') {
                return line.equals("version=1") || line.equals("version=2") || line.equals("version=3");
            }
            if (end < 0) {
                return false;
            }
            at = end + 1;
        }
        return false;
    }
}
