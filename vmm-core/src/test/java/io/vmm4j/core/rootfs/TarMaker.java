package io.vmm4j.core.rootfs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Makes tar archives with what no honest program puts into one, too. */
final class TarMaker {

    private static final int TIME = 1_700_000_000;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name());

    TarMaker() {
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        tar.setAddPaxHeadersForNonAsciiNames(true);
    }

    private TarMaker add(String name, byte type, byte[] content, Consumer<TarArchiveEntry> more) {
        try {
            TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
            entry.setSize(content.length);
            entry.setModTime(TIME * 1000L);
            more.accept(entry);
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    TarMaker file(String name, String content) {
        return file(name, content.getBytes(StandardCharsets.UTF_8), 0644, 0, 0);
    }

    TarMaker file(String name, byte[] content, int mode, long uid, long gid) {
        return add(name, TarConstants.LF_NORMAL, content, entry -> {
            entry.setMode(mode);
            entry.setUserId(uid);
            entry.setGroupId(gid);
        });
    }

    TarMaker directory(String name, int mode) {
        return add(name + "/", TarConstants.LF_DIR, new byte[0], entry -> entry.setMode(mode));
    }

    TarMaker symlink(String name, String target) {
        return add(name, TarConstants.LF_SYMLINK, new byte[0], entry -> entry.setLinkName(target));
    }

    TarMaker link(String name, String target) {
        return add(name, TarConstants.LF_LINK, new byte[0], entry -> entry.setLinkName(target));
    }

    TarMaker device(String name, int major, int minor) {
        return add(name, TarConstants.LF_CHR, new byte[0], entry -> {
            entry.setDevMajor(major);
            entry.setDevMinor(minor);
            entry.setMode(0600);
        });
    }

    /** A pax record for the next entry, its value as bytes. */
    TarMaker pax(String key, byte[] value) {
        byte[] text = (" " + key + "=").getBytes(StandardCharsets.UTF_8);
        int length = text.length + value.length + 1;
        int total = length + Integer.toString(length).length();
        total = length + Integer.toString(total).length();
        ByteArrayOutputStream record = new ByteArrayOutputStream();
        record.writeBytes(Integer.toString(total).getBytes(StandardCharsets.US_ASCII));
        record.writeBytes(text);
        record.writeBytes(value);
        record.write('\n');
        return add("pax", TarConstants.LF_PAX_EXTENDED_HEADER_LC, record.toByteArray(), entry -> { });
    }

    /** A pax record for all entries from there on. */
    TarMaker global(String key, String value) {
        try {
            TarArchiveEntry entry = new TarArchiveEntry("pax", TarConstants.LF_PAX_GLOBAL_EXTENDED_HEADER, true);
            entry.addPaxHeader(key, value);
            tar.putArchiveEntry(entry);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    byte[] bytes() {
        try {
            tar.finish();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
