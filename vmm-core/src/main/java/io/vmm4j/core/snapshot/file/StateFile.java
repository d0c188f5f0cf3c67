package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * The state file: a header of {@value #HEADER} bytes, then a {@link State} in CBOR.
 *
 * <pre>
 *   char magic[8]          "VMM4JSNP"
 *   u32  checksum          CRC-32C of all bytes of the file but these four
 *   u32  format            of what follows the header
 *   u64  length            of the file in bytes
 *   char program[40]       vmm4j's version that wrote it, in ASCII, then zeros
 * </pre>
 *
 * <p>Little-endian. The header is the same in all formats, so that what is newer can be told from what is damaged.
 *
 * @param program the version of vmm4j that wrote it
 * @param format  the format that it was in
 * @param state   what it holds
 */
record StateFile(String program, int format, State state) {

    /** The format that is written, and the only one so far. */
    static final int FORMAT = 1;
    static final int HEADER = 64;
    /** A state has some KiB a vCPU, 2 KiB a GiB of RAM, in a diff 34 KiB. */
    static final int MAX_BYTES = 256 << 20;

    private static final byte[] MAGIC = "VMM4JSNP".getBytes(StandardCharsets.US_ASCII);
    private static final int CHECKSUM_AT = 8;
    private static final int FORMAT_AT = 12;
    private static final int LENGTH_AT = 16;
    private static final int PROGRAM_AT = 24;
    private static final int PROGRAM_BYTES = 40;
    private static final int PIECE = 1 << 20;
    /** What Firecracker's state files begin with: 0x07101984 and its number of the architecture, in the upper half of 64 bits. */
    private static final long FIRECRACKER_MAGIC = 0x0710_1984L;
    private static final byte[] ELF_MAGIC = {0x7f, 'E', 'L', 'F'};

    /**
     * The bytes of a file with {@code state}.
     *
     * @throws StateException when it is more than can be read again
     */
    static byte[] encode(String program, State state) throws StateException {
        byte[] body = StateCodec.encode(state);
        if (body.length > MAX_BYTES - HEADER) {
            throw new StateException("a state of " + body.length + " bytes is more than " + (MAX_BYTES - HEADER));
        }
        byte[] name = program.getBytes(StandardCharsets.US_ASCII);
        ByteBuffer file = ByteBuffer.allocate(HEADER + body.length).order(ByteOrder.LITTLE_ENDIAN);
        file.put(MAGIC).putInt(FORMAT_AT, FORMAT).putLong(LENGTH_AT, file.capacity());
        file.put(PROGRAM_AT, name, 0, Math.min(name.length, PROGRAM_BYTES)).put(HEADER, body);
        return file.putInt(CHECKSUM_AT, checksum(file.array())).array();
    }

    private static int checksum(byte[] file) {
        CRC32C sum = new CRC32C();
        sum.update(file, 0, CHECKSUM_AT);
        sum.update(file, FORMAT_AT, file.length - FORMAT_AT);
        return (int) sum.getValue();
    }

    /** Writes {@code bytes} to an empty file. */
    static void write(Fd file, byte[] bytes) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(PIECE, bytes.length));
        for (int at = 0; at < bytes.length; at += piece.capacity()) {
            piece.clear().put(bytes, at, Math.min(piece.capacity(), bytes.length - at)).flip();
            FileBytes.write(file, piece, at);
        }
    }

    /**
     * Reads an open file.
     *
     * @param path what it is called, for messages
     * @throws SnapshotFileException in one line, when it is none of ours, damaged, or newer than this program
     */
    static StateFile read(Fd file, Path path) throws IOException {
        FileStat stat = file.stat();
        if (!stat.isRegularFile()) {
            throw new SnapshotFileException(path + " is not a regular file, and so no snapshot's state");
        }
        if (stat.size() > MAX_BYTES) {
            throw new SnapshotFileException(path + " has " + stat.size() + " bytes, and a snapshot's state at most " + MAX_BYTES
                    + ": it is another file, perhaps a memory file");
        }
        return decode(FileBytes.read(file, (int) stat.size()), path.toString());
    }

    /**
     * What the bytes of a file say.
     *
     * @param name of the file, for messages
     */
    static StateFile decode(byte[] bytes, String name) throws SnapshotFileException {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        requireOurs(file, name);
        if (bytes.length < HEADER || file.getLong(LENGTH_AT) != bytes.length) {
            throw new SnapshotFileException(name + " is damaged: it has " + bytes.length + " bytes"
                    + (bytes.length < HEADER ? ", fewer than its header" : " and was written with " + Long.toUnsignedString(file.getLong(LENGTH_AT))));
        }
        if (file.getInt(CHECKSUM_AT) != checksum(bytes)) {
            throw new SnapshotFileException(name + " is damaged: its checksum is another");
        }
        String program = program(bytes);
        int format = file.getInt(FORMAT_AT);
        if (format != FORMAT) {
            throw new SnapshotFileException(name + " was written by vmm4j " + program + " in format " + Integer.toUnsignedString(format)
                    + ", and this vmm4j " + ProgramVersion.text() + " reads format " + FORMAT);
        }
        try {
            return new StateFile(program, format, StateCodec.decode(bytes, HEADER, bytes.length - HEADER));
        } catch (StateException e) {
            throw new SnapshotFileException(name + " is no state of a machine: " + e.getMessage());
        }
    }

    private static String program(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = PROGRAM_AT; i < HEADER && bytes[i] != 0; i++) {
            text.append(bytes[i] > ' ' && bytes[i] < 0x7f ? (char) bytes[i] : '?');
        }
        return text.toString();
    }

    private static void requireOurs(ByteBuffer file, String name) throws SnapshotFileException {
        if (startsWith(file, MAGIC)) {
            return;
        }
        if (file.capacity() >= Long.BYTES && file.getLong(0) >>> Integer.SIZE == FIRECRACKER_MAGIC) {
            throw new SnapshotFileException(name + " is a snapshot of Firecracker's, whose state vmm4j cannot read: take one with vmm4j");
        }
        String guess = file.capacity() == 0 ? "empty" : startsWith(file, ELF_MAGIC) ? "an ELF file" : "something else";
        throw new SnapshotFileException(name + " is no snapshot's state of vmm4j's: it is " + guess);
    }

    private static boolean startsWith(ByteBuffer file, byte[] magic) {
        return file.capacity() >= magic.length && ByteBuffer.wrap(magic).equals(file.slice(0, magic.length));
    }
}
