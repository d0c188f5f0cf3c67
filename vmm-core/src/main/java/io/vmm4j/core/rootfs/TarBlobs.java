package io.vmm4j.core.rootfs;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** A saved container image as a tar archive that is not packed: its members by name, read where they are. Confined to one thread. */
final class TarBlobs implements Blobs {

    /** More than any image has; an archive of a whole system has more. */
    private static final int MEMBERS_MAX = 10_000;

    private final FileChannel file;
    private final Map<String, Member> members = new HashMap<>();
    /** Names of links among them, which older versions of Docker write in place of a layer that is there twice. */
    private final Map<String, String> links = new HashMap<>();
    private boolean isSystem;

    private record Member(long offset, long size) { }

    private TarBlobs(FileChannel file) {
        this.file = file;
    }

    /** Opens {@code path} and looks what is in it. @throws RootfsException when it is no tar archive */
    static TarBlobs open(Path path) throws IOException {
        TarBlobs blobs = new TarBlobs(FileChannel.open(path, StandardOpenOption.READ));
        try {
            blobs.index();
            return blobs;
        } catch (RootfsException | StackOverflowError | OutOfMemoryError e) {
            blobs.close();
            throw e;
        } catch (IOException | IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException | NegativeArraySizeException e) {
            // The library throws what it likes for numbers that cannot be.
            blobs.close();
            throw new RootfsException("it is no tar archive, or a damaged one: " + e.getMessage(), e);
        }
    }

    private void index() throws IOException {
        FileRange all = new FileRange(file, 0, file.size());
        HeaderBound bound = new HeaderBound(all);
        try (TarArchiveInputStream archive = new TarArchiveInputStream(bound, StandardCharsets.UTF_8.name())) {
            int count = 0;
            for (TarArchiveEntry entry = archive.getNextEntry(); entry != null; entry = archive.getNextEntry()) {
                String name = entry.getName().replaceFirst("^(\\./)+", "").replaceFirst("/+$", "");
                isSystem |= ++count > MEMBERS_MAX || name.equals("etc") || name.equals("usr") || name.equals("bin") || name.startsWith("usr/")
                        || name.startsWith("etc/") || name.startsWith("bin/") || entry.isSparse();
                if (isSystem) {
                    return;
                }
                if (entry.isSymbolicLink() || entry.isLink()) {
                    links.put(name, entry.getLinkName());
                } else if (entry.isFile()) {
                    members.put(name, new Member(all.position(), entry.getSize()));
                }
                bound.pass(archive);
            }
        }
    }

    /** Bounds what the library reads into memory at once for an entry's headers. */
    private static final class HeaderBound extends FilterInputStream {
        private static final int MAX_BYTES = 64 << 20;
        private static final int CHUNK = 64 << 10;
        private long read;
        private boolean isContent;

        HeaderBound(InputStream in) {
            super(in);
        }

        /** Goes to the end of the entry, whose content is neither read nor counted: the library would read what it skips. */
        void pass(TarArchiveInputStream archive) throws IOException {
            byte[] scratch = new byte[CHUNK];
            isContent = true;
            while (archive.read(scratch, 0, CHUNK) > 0) {
                // What is in it does not matter.
            }
            isContent = false;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (isContent) {
                int skipped = (int) in.skip(length);
                return skipped == 0 ? -1 : skipped;
            }
            int n = in.read(bytes, offset, length);
            read += Math.max(0, n);
            if (read > MAX_BYTES) {
                throw new RootfsException("the headers of its entries have more than " + MAX_BYTES + " bytes");
            }
            return n;
        }
    }

    /** Whether it is a container image, and not a root file system as such, or something else. */
    boolean isImage() {
        return !isSystem && (has(ImageReader.LAYOUT) && has(ImageReader.INDEX) || has(ImageReader.MANIFEST));
    }

    @Override
    public boolean has(String name) {
        return members.containsKey(real(name));
    }

    /** The name that a link has the file under: one step, within the archive. */
    private String real(String name) {
        String target = links.get(name);
        return target == null ? name : Path.of("/").resolve(name).resolveSibling(target.startsWith("/") ? target.substring(1) : target).normalize()
                .toString().substring(1);
    }

    @Override
    public InputStream open(String name) throws IOException {
        Member member = members.get(real(name));
        if (member == null) {
            throw new RootfsException("its " + Names.show(Names.of(name)) + " is missing");
        }
        return new FileRange(file, member.offset(), member.size());
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
