package io.vmm4j.core.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * Writes an archive of the kind that Linux unpacks as its initramfs (cpio "newc", Documentation/driver-api/early-userspace/buffer-format.rst). All
 * in it is root's and of the time 0, so that the same files make the same archive; directories that a name needs are made with it. Archives may
 * follow each other in one file: what comes later takes the place of what is there. Confined to one thread.
 */
final class CpioArchive {

    private static final int PERMISSIONS = 0755;

    private final CpioArchiveOutputStream archive;
    private final Set<String> directories = new HashSet<>();

    /** Onto {@code out}, which stays open. */
    CpioArchive(OutputStream out) {
        archive = new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW, CpioConstants.BLOCK_SIZE, StandardCharsets.UTF_8.name());
    }

    /** A directory and those it is in, unless they are there. */
    void directory(String name) throws IOException {
        if (name.isEmpty() || !directories.add(name)) {
            return;
        }
        directory(parentOf(name));
        put(name, CpioConstants.C_ISDIR | PERMISSIONS, new byte[0]);
    }

    /** A regular file with these permissions. */
    void file(String name, int permissions, byte[] content) throws IOException {
        directory(parentOf(name));
        put(name, CpioConstants.C_ISREG | permissions, content);
    }

    /** A symbolic link. */
    void link(String name, String target) throws IOException {
        directory(parentOf(name));
        put(name, CpioConstants.C_ISLNK | PERMISSIONS, target.getBytes(StandardCharsets.UTF_8));
    }

    private static String parentOf(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    private void put(String name, int mode, byte[] content) throws IOException {
        CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name);
        entry.setMode(Integer.toUnsignedLong(mode));
        entry.setSize(content.length);
        entry.setTime(0);
        entry.setNumberOfLinks(1);
        archive.putArchiveEntry(entry);
        archive.write(content);
        archive.closeArchiveEntry();
    }

    /** Completes the archive. */
    void finish() throws IOException {
        archive.finish();
        archive.flush();
    }
}
