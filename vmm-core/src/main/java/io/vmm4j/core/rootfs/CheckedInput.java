package io.vmm4j.core.rootfs;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** Holds what is read against its digest, {@code sha256:…} or {@code sha512:…}, and its size. Confined to one thread. */
final class CheckedInput extends FilterInputStream {

    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");
    private static final int CHUNK = 64 << 10;

    private final String name;
    private final String expected;
    private final long size;
    private final MessageDigest digest;
    private long read;

    /**
     * @param name for messages
     * @param size or negative for any
     */
    CheckedInput(InputStream in, String name, String expected, long size) throws RootfsException {
        super(in);
        this.name = name;
        this.expected = require(expected);
        this.size = size;
        try {
            this.digest = MessageDigest.getInstance(expected.startsWith("sha256") ? "SHA-256" : "SHA-512");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has both
        }
    }

    /** {@code text} if it is a digest. */
    static String require(String text) throws RootfsException {
        if (!DIGEST.matcher(text).matches()) {
            throw new RootfsException("the digest " + Names.show(Names.of(text)) + " is neither sha256 nor sha512 in hexadecimal digits");
        }
        return text;
    }

    @Override
    public int read() throws IOException {
        return OneOctet.of(this);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = in.read(bytes, offset, length);
        if (n > 0) {
            digest.update(bytes, offset, n);
            read += n;
            if (size >= 0 && read > size) {
                throw new RootfsException(name + " has more than the " + size + " bytes that are said of it");
            }
        }
        return n;
    }

    @Override
    public long skip(long count) throws IOException {
        byte[] scratch = new byte[(int) Math.max(1, Math.min(CHUNK, count))];
        int n = read(scratch, 0, scratch.length);
        return Math.max(0, n);
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    /** Reads what is left. @throws RootfsException when it is not what the digest says */
    void finish() throws IOException {
        byte[] scratch = new byte[CHUNK];
        while (read(scratch, 0, CHUNK) >= 0) {
            // To the end.
        }
        String found = expected.substring(0, "sha256:".length()) + HexFormat.of().formatHex(digest.digest());
        if (size >= 0 && read != size || !found.equals(expected)) {
            throw new RootfsException(name + " is not what its digest says: " + expected + " is expected, and it is " + found + " in " + read + " bytes");
        }
    }
}
