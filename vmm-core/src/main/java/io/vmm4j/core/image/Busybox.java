package io.vmm4j.core.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The host's busybox, which is all of a guest's programs until it has a root file system of its own. */
public final class Busybox {

    /** What to do without one. */
    public static final String HINT = "install the package busybox-static";

    private static final int MAX_BYTES = 32 << 20;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final byte CLASS_64 = 2;
    private static final int CLASS = 4;
    private static final int HEADER_BYTES = 64;
    private static final int PHOFF = 0x20;
    private static final int PHENTSIZE = 0x36;
    private static final int PHNUM = 0x38;
    private static final int PT_INTERP = 3;

    private Busybox() {
    }

    /**
     * Where it is: the first on {@code path} and in the usual directories under {@code root} that needs no shared library, which it would not
     * find in the guest. Empty when there is none.
     *
     * @param path as PATH, or {@code null}
     */
    public static Optional<Path> find(Path root, String path) {
        List<Path> places = new ArrayList<>();
        for (String directory : path == null ? new String[0] : path.split(":")) {
            if (directory.startsWith("/")) {
                places.add(Path.of(directory));
            }
        }
        List.of("usr/bin", "bin", "usr/sbin", "sbin", "usr/local/bin").forEach(directory -> places.add(root.resolve(directory)));
        return places.stream().map(directory -> directory.resolve("busybox")).filter(Busybox::isStatic).findFirst();
    }

    private static boolean isStatic(Path program) {
        try {
            return Files.isRegularFile(program) && Files.size(program) <= MAX_BYTES && isStatic(Files.readAllBytes(program));
        } catch (IOException e) {
            // One that cannot be read is of no use.
            return false;
        }
    }

    /** Whether it is a 64-bit ELF program without an interpreter (PT_INTERP), which is what would load libraries. */
    static boolean isStatic(byte[] program) {
        ByteBuffer elf = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
        if (program.length < HEADER_BYTES || elf.getInt(0) != ELF_MAGIC || elf.get(CLASS) != CLASS_64) {
            return false;
        }
        long header = elf.getLong(PHOFF);
        int size = Short.toUnsignedInt(elf.getShort(PHENTSIZE));
        for (int i = 0; i < Short.toUnsignedInt(elf.getShort(PHNUM)); i++) {
            long at = header + (long) i * size;
            if (at < 0 || at > program.length - Integer.BYTES || elf.getInt((int) at) == PT_INTERP) {
                return false;
            }
        }
        return true;
    }
}
