package io.vmm4j.core.format;

import java.nio.charset.StandardCharsets;

/** Formats that have no magic number at a fixed place. */
final class Unmarked {

    /** Bytes of a tar header that its checksum is over. */
    private static final int TAR_HEADER = 512;
    private static final int TAR_CHECKSUM = 148;
    private static final int TAR_CHECKSUM_LENGTH = 8;

    private Unmarked() {
    }

    /** Whether {@code head} begins a tar archive from before POSIX, which only its header's checksum tells. */
    static boolean isTar(byte[] head) {
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
    static boolean isVmdkDescriptor(byte[] head) {
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
