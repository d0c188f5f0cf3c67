package io.vmm4j.core.image;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A module of a kernel.
 *
 * @param name as {@code modprobe} has it, with underscores
 * @param path its file, {@code .ko}, or compressed {@code .ko.xz}, {@code .ko.zst} or {@code .ko.gz}
 * @param all  the directory that has all modules, of other versions of the kernel too
 */
record ModuleFile(String name, Path path, Path all) {

    private static final long MAX_BYTES = 64L << 20;
    private static final int XZ_MEMORY_KIB = 128 << 10;

    /** The file as it is; none that only a link, or the list of modules, has among them. */
    byte[] packed() throws IOException {
        try {
            Path real = path.toRealPath();
            if (!real.startsWith(all.toRealPath())) {
                throw new IOException("it is " + real + ", not below " + all);
            }
            if (Files.size(path) > MAX_BYTES) {
                throw new IOException("it has more than " + MAX_BYTES + " bytes");
            }
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw new IOException("module " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** What the kernel loads: {@code packed}, unpacked. */
    byte[] unpack(byte[] packed) throws IOException {
        try (InputStream plain = plain(new ByteArrayInputStream(packed))) {
            byte[] module = plain.readNBytes((int) MAX_BYTES + 1);
            if (module.length > MAX_BYTES) {
                throw new IOException("it has more than " + MAX_BYTES + " bytes");
            }
            return module;
        } catch (IOException | RuntimeException e) { // the libraries throw what they like for a damaged file
            throw new IOException("module " + path + " cannot be unpacked: " + e.getMessage(), e);
        }
    }

    private InputStream plain(InputStream packed) throws IOException {
        String file = path.getFileName().toString();
        if (file.endsWith(".xz")) {
            return new XZInputStream(packed, XZ_MEMORY_KIB);
        }
        if (file.endsWith(".zst")) {
            return new ZstdInputStream(packed);
        }
        return file.endsWith(".gz") ? new GZIPInputStream(packed) : packed;
    }
}
