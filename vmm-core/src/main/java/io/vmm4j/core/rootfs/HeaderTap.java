package io.vmm4j.core.rootfs;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keeps the bytes of a tar archive that stand in front of an entry, for what the library that reads it makes text of: the values of its pax records
 * (POSIX pax, "pax Extended Header") are bytes, names in any encoding and binary attributes. Also the bound for headers. Confined to one thread.
 */
final class HeaderTap extends FilterInputStream {

    private static final int BLOCK = 512;
    private static final int MAX_BYTES = 4 << 20;
    private static final int TYPE_AT = 156;
    private static final int SIZE_AT = 124;
    private static final int SIZE_LENGTH = 12;
    private static final String XATTR = "SCHILY.xattr.";
    private static final String XATTR_BASE64 = "LIBARCHIVE.xattr.";

    /** Types of headers that say more of the entry behind them. */
    private static final String META = "xXgLK";
    /** Of one entry; the library has a stack's frame for each. */
    private static final int META_MAX = 8;
    /** Bytes of all that are for the whole archive, which the library applies to each entry. */
    private static final int GLOBAL_BYTES_MAX = 16 << 10;

    private byte[] kept = new byte[BLOCK * 4];
    private int length;
    private boolean isKeeping;
    private long position;
    private int scanned;
    private int metas;
    private boolean isAtEntry;
    private long globalBytes;

    HeaderTap(InputStream in) {
        super(in);
    }

    /** Begins to keep, from the next block on. */
    void begin() {
        isKeeping = true;
        length = 0;
        scanned = 0;
        metas = 0;
        isAtEntry = false;
    }

    /** Keeps no more. */
    void end() {
        isKeeping = false;
    }

    @Override
    public int read() throws IOException {
        return OneOctet.of(this);
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        int n = in.read(bytes, offset, count);
        if (n > 0) {
            keep(bytes, offset, n);
            position += n;
        }
        return n;
    }

    /** By reading, so that what is kept is whole. */
    @Override
    public long skip(long count) throws IOException {
        long left = count;
        byte[] scratch = new byte[(int) Math.min(1 << 16, Math.max(1, count))];
        while (left > 0) {
            int n = read(scratch, 0, (int) Math.min(scratch.length, left));
            if (n < 0) {
                break;
            }
            left -= n;
        }
        return count - left;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void keep(byte[] bytes, int offset, int count) throws IOException {
        if (!isKeeping) {
            return;
        }
        // What fills up the last block of the entry before is none of this one's.
        int skipped = length == 0 ? (int) Math.min(count, (BLOCK - position % BLOCK) % BLOCK) : 0;
        if (length + count - skipped > MAX_BYTES) {
            throw new RootfsException("the headers of an entry have more than " + MAX_BYTES + " bytes");
        }
        if (length + count > kept.length) {
            kept = Arrays.copyOf(kept, Math.max(kept.length * 2, length + count));
        }
        System.arraycopy(bytes, offset + skipped, kept, length, count - skipped);
        length += count - skipped;
        scan();
    }

    /** Looks at headers before the library does. */
    private void scan() throws RootfsException {
        while (!isAtEntry && scanned + BLOCK <= length) {
            char type = (char) kept[scanned + TYPE_AT];
            isAtEntry = META.indexOf(type) < 0;
            if (isAtEntry) {
                return;
            }
            if (++metas > META_MAX) {
                throw new RootfsException("an entry has more than " + META_MAX + " extended headers");
            }
            long size = size(scanned);
            if (size < 0 || size > MAX_BYTES) {
                throw new RootfsException("an extended header has a size that is not in 0.." + MAX_BYTES);
            }
            globalBytes += type == 'g' ? size : 0;
            if (globalBytes > GLOBAL_BYTES_MAX) {
                throw new RootfsException("the headers for all entries have more than " + GLOBAL_BYTES_MAX + " bytes");
            }
            scanned += BLOCK + (int) ((size + BLOCK - 1) / BLOCK * BLOCK);
        }
    }

    /** The pax records for the entry, the last of a name counting, as bytes. */
    Map<String, String> records() {
        Map<String, String> records = new HashMap<>();
        int at = 0;
        while (at + BLOCK <= length) {
            char type = (char) kept[at + TYPE_AT];
            if (META.indexOf(type) < 0) {
                return records;
            }
            long size = size(at);
            int body = at + BLOCK;
            if (size < 0 || size > length - body) {
                return records;
            }
            if (type == 'x' || type == 'X') {
                parse(body, (int) size, records);
            }
            at = body + (int) ((size + BLOCK - 1) / BLOCK * BLOCK);
        }
        return records;
    }

    private long size(int header) {
        if (kept[header + SIZE_AT] == 0) {
            return 0;
        }
        try {
            return Long.parseLong(Names.of(Arrays.copyOfRange(kept, header + SIZE_AT, header + SIZE_AT + SIZE_LENGTH)).replace("\0", "").strip(), 8);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private void parse(int from, int size, Map<String, String> records) {
        String text = new String(kept, from, size, StandardCharsets.ISO_8859_1);
        int at = 0;
        while (at < text.length()) {
            int space = text.indexOf(' ', at);
            if (space < 0 || space - at > 8 || !text.substring(at, space).matches("\\d+")) {
                return;
            }
            int end = at + Integer.parseInt(text.substring(at, space));
            int equals = text.indexOf('=', space);
            if (end > text.length() || end <= space || equals < 0 || equals >= end) {
                return;
            }
            records.put(text.substring(space + 1, equals), text.substring(equals + 1, Math.max(equals + 1, end - 1)));
            at = end;
        }
    }

    /** The extended attributes among {@code records}, by name. */
    static Map<String, byte[]> attributes(Map<String, String> records) throws RootfsException {
        Map<String, byte[]> attributes = new TreeMap<>();
        for (Map.Entry<String, String> record : records.entrySet()) {
            String key = record.getKey();
            if (key.startsWith(XATTR_BASE64)) {
                try {
                    attributes.putIfAbsent(key.substring(XATTR_BASE64.length()), Base64.getMimeDecoder().decode(Names.bytes(record.getValue())));
                } catch (IllegalArgumentException e) {
                    throw new RootfsException("the attribute " + Names.show(key) + " is no base64", e);
                }
            } else if (key.startsWith(XATTR)) {
                attributes.put(key.substring(XATTR.length()), Names.bytes(record.getValue()));
            }
        }
        return attributes;
    }
}
