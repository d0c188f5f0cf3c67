package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Puts what a tar archive has into a tree: ustar, GNU's and pax's forms, sparse files, hard links, extended attributes. Confined to one thread. */
final class TarLayer {

    private static final int PERMISSIONS = 07777;
    private static final long ID_MAX = 0xFFFF_FFFFL;
    private static final int MAJOR_MAX = 0xFFF;
    private static final int MINOR_MAX = 0xF_FFFF;

    private final Tree tree;
    private final Stage stage;
    private final boolean isLayer;

    /** @param isLayer whether whiteouts mean what they do in a layer of a container image */
    TarLayer(Tree tree, Stage stage, boolean isLayer) {
        this.tree = tree;
        this.stage = stage;
        this.isLayer = isLayer;
    }

    /**
     * Reads {@code in} to the end of the archive.
     *
     * @throws RootfsException one line: it is no such archive, or has what cannot be taken
     */
    void read(InputStream in) throws IOException {
        HeaderTap tap = new HeaderTap(in);
        try (TarArchiveInputStream archive = new TarArchiveInputStream(tap, StandardCharsets.ISO_8859_1.name())) {
            while (true) {
                tap.begin();
                TarArchiveEntry entry = next(archive);
                tap.end();
                if (entry == null) {
                    return;
                }
                take(archive, entry, tap.records());
                // What the library skips by itself would be taken for headers.
                stage.discard(Unpacked.guarded(archive));
            }
        } catch (IllegalArgumentException | IllegalStateException | ArithmeticException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            // The library throws them for numbers that cannot be.
            throw new RootfsException("it is a damaged tar archive: " + e.getMessage(), e);
        }
    }

    private static TarArchiveEntry next(TarArchiveInputStream archive) throws IOException {
        try {
            return archive.getNextEntry();
        } catch (RootfsException e) {
            throw e;
        } catch (IOException e) {
            throw new RootfsException("it is a damaged tar archive: " + e.getMessage(), e);
        }
    }

    private void take(TarArchiveInputStream archive, TarArchiveEntry entry, Map<String, String> records) throws IOException {
        String name = records.getOrDefault("GNU.sparse.name", records.getOrDefault("path", entry.getName()));
        if (entry.isLink()) {
            tree.link(name, records.getOrDefault("linkpath", entry.getLinkName()));
            return;
        }
        Node node = node(entry, records, name);
        if (node == null) {
            return;
        }
        if (node.kind == Node.Kind.FILE && !isWhiteout(name)) {
            content(archive, entry, node, name);
        }
        if (isLayer) {
            tree.putLayered(name, node);
        } else {
            tree.put(name, node);
        }
    }

    private boolean isWhiteout(String name) {
        return isLayer && name.substring(name.lastIndexOf('/') + 1).startsWith(".wh.");
    }

    private void content(TarArchiveInputStream archive, TarArchiveEntry entry, Node node, String name) throws IOException {
        long size = entry.isSparse() ? entry.getRealSize() : entry.getSize();
        if (size == 0) {
            return;
        }
        if (!archive.canReadEntryData(entry)) {
            throw new RootfsException("the file " + Names.show(name) + " is sparse in a form that is not known");
        }
        node.content = stage.add(Unpacked.guarded(archive));
        node.size = Files.size(stage.file(Integer.toString(node.content)));
        if (node.size != size) {
            throw new RootfsException("the file " + Names.show(name) + " has " + node.size + " bytes in place of " + size);
        }
    }

    /** What the entry is, without content; {@code null} for what is no file. */
    private Node node(TarArchiveEntry entry, Map<String, String> records, String name) throws RootfsException {
        Node.Kind kind = kind(entry, name);
        if (kind == null) {
            return null;
        }
        Node node = new Node(kind, tree.layer());
        node.permissions = entry.getMode() & PERMISSIONS;
        node.uid = id(entry.getLongUserId(), name);
        node.gid = id(entry.getLongGroupId(), name);
        node.mtime = entry.getLastModifiedTime().toInstant().getEpochSecond();
        node.attributes = HeaderTap.attributes(records);
        if (kind == Node.Kind.SYMLINK) {
            node.target = records.getOrDefault("linkpath", entry.getLinkName());
        } else if (kind == Node.Kind.CHARACTER_DEVICE || kind == Node.Kind.BLOCK_DEVICE) {
            node.major = entry.getDevMajor();
            node.minor = entry.getDevMinor();
            if (node.major < 0 || node.major > MAJOR_MAX || node.minor < 0 || node.minor > MINOR_MAX) {
                throw new RootfsException("the device " + Names.show(name) + " has the number " + node.major + ":" + node.minor);
            }
        }
        return node;
    }

    private static long id(long id, String name) throws RootfsException {
        if (id < 0 || id > ID_MAX) {
            throw new RootfsException("the owner of " + Names.show(name) + ", " + id + ", is not in 0.." + ID_MAX);
        }
        return id;
    }

    private static Node.Kind kind(TarArchiveEntry entry, String name) throws RootfsException {
        if (entry.isDirectory()) {
            return Node.Kind.DIRECTORY;
        }
        if (entry.isSymbolicLink()) {
            return Node.Kind.SYMLINK;
        }
        if (entry.isCharacterDevice()) {
            return Node.Kind.CHARACTER_DEVICE;
        }
        if (entry.isBlockDevice()) {
            return Node.Kind.BLOCK_DEVICE;
        }
        if (entry.isFIFO()) {
            return Node.Kind.PIPE;
        }
        return switch (entry.getLinkFlag()) {
            case 0, '0', '7', 'S' -> Node.Kind.FILE;
            case 'V', 'g', 'x' -> null;
            default -> throw new RootfsException("the entry " + Names.show(name) + " is of the kind '" + (char) entry.getLinkFlag() + "', which is not known");
        };
    }
}
