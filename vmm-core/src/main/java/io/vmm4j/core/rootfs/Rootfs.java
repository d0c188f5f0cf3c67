package io.vmm4j.core.rootfs;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.image.CacheDirectory;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A root file system's image, made or taken from the user's cache, where it has the name of a digest of what it is made from. It is made beside and
 * then renamed, so that any number of processes may make the same one; it may be read by nobody but the user, and is never written to.
 *
 * @param image     an ext4 image, to be opened for reading only
 * @param container how the program of a container image is run; {@code null} for a directory or an archive of a root file system
 */
public record Rootfs(Path image, Container container) {

    private static final Logger LOG = LoggerFactory.getLogger(Rootfs.class);

    /** Changes when what is made of the same changes. */
    private static final String VERSION = "2";
    private static final String PREFIX = "rootfs-";
    private static final String IMAGE = ".ext4";
    private static final String CONTAINER = ".json";
    private static final String BASE = ".base";
    private static final String SUM = "sum-";
    /** Images that are kept; of more, those go that have not been used for longest. */
    private static final int KEPT = 32;
    private static final int KEPT_DAYS = 30;
    private static final int CHUNK = 1 << 18;
    private static final String PLAIN = "plain";

    /**
     * The image for {@code source}.
     *
     * @param size of the image in bytes, or 0 for one with room for what is in it and 1 GiB more
     * @throws RootfsException one line: the source cannot become one
     * @throws IOException     one line: the host refuses
     */
    public static Rootfs of(RootSource source, long size) throws IOException {
        return of(source, size, CacheDirectory.ofThisUser());
    }

    /** As {@link #of(RootSource, long)}, in another cache. */
    static Rootfs of(RootSource source, long size, CacheDirectory cache) throws IOException {
        try {
            String key = key(source, size, cache);
            UUID uuid = uuid(key);
            Path image = cache.path().resolve(PREFIX + key + IMAGE);
            Optional<Rootfs> cached = cached(cache, key, uuid);
            if (cached.isPresent()) {
                return cached.get();
            }
            Rootfs made = make(source, size, cache, key, uuid);
            clean(cache.path(), image);
            return made;
        } catch (RootfsException e) {
            throw new RootfsException("root file system " + source.path() + ": " + e.getMessage(), e);
        } catch (AccessDeniedException e) {
            throw new RootfsException("root file system " + source.path() + ": " + e.getFile() + " may not be read by this user", e);
        } catch (NoSuchFileException e) {
            throw new RootfsException("root file system " + source.path() + ": " + e.getFile() + " does not exist", e);
        } catch (IOException e) {
            throw new IOException("the image of the root file system " + source.path() + " cannot be made: " + e.getMessage(), e);
        } catch (StackOverflowError | OutOfMemoryError e) {
            // The libraries that read archives have no bounds of their own.
            throw new RootfsException("root file system " + source.path() + ": it takes more memory than there is, or is too deep", e);
        }
    }

    /**
     * {@code drive} on this image. Where the guest's writes go to a file, a copy of the image is that file's, under its name with {@code .base}
     * behind: the cache forgets what nobody uses.
     *
     * @throws RootfsException one line: there is another file of that name
     * @throws IOException     one line: the host refuses
     */
    public DriveConfig drive(DriveConfig drive) throws IOException {
        String overlay = drive.overlay() == null && !drive.isReadOnly() ? DriveConfig.IN_MEMORY : drive.overlay();
        boolean isFile = overlay != null && !overlay.isEmpty() && !overlay.equals(DriveConfig.IN_MEMORY) && !Files.exists(Path.of(overlay));
        return drive.withPath((isFile ? kept(Path.of(overlay + BASE)) : image).toString()).withFormat(DriveConfig.Format.RAW).withOverlay(overlay);
    }

    /** A copy, for what is committed into it must not be in the cache. One that is there already, whole and unchanged, will do. */
    private Path kept(Path base) throws IOException {
        try {
            if (Files.exists(base, LinkOption.NOFOLLOW_LINKS)) {
                if (Files.isRegularFile(base, LinkOption.NOFOLLOW_LINKS) && Files.mismatch(image, base) < 0) {
                    return base;
                }
                throw new FileAlreadyExistsException(base.toString());
            }
            SparseCopy.of(image, base);
            return base;
        } catch (FileAlreadyExistsException e) {
            throw new RootfsException("the root file system's image cannot be kept as " + base + ": there is another file of that name", e);
        } catch (IOException e) {
            throw new IOException("the root file system's image cannot be kept as " + base + ": " + e.getMessage(), e);
        }
    }

    private static Optional<Rootfs> cached(CacheDirectory cache, String key, UUID uuid) {
        Path image = cache.path().resolve(PREFIX + key + IMAGE);
        Path container = cache.path().resolve(PREFIX + key + CONTAINER);
        if (!Files.isRegularFile(image, LinkOption.NOFOLLOW_LINKS) || !Ext4Image.isWhole(image, uuid)) {
            return Optional.empty();
        }
        try {
            Rootfs found = new Rootfs(image, Container.read(Files.readAllBytes(container)));
            for (Path file : List.of(image, container)) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
            }
            return Optional.of(found);
        } catch (IOException e) {
            // Damaged, or somebody else has deleted it.
            LOG.debug("{} is made again: {}", image, e.getMessage());
            return Optional.empty();
        }
    }

    private static Rootfs make(RootSource source, long size, CacheDirectory cache, String key, UUID uuid) throws IOException {
        Limits limits = new Limits(size == 0 ? Limits.DEFAULT_BYTES : size);
        try (Stage stage = Stage.in(cache, limits)) {
            Tree tree = new Tree(limits);
            Container container = read(source, tree, stage);
            Path made = new Ext4Image(tree, stage).make(size, uuid);
            requireSame(source, size, cache, key);
            Path words = stage.file("container");
            try (FileChannel channel = FileChannel.open(words, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(Container.write(container)));
                channel.force(true);
            }
            for (Path file : List.of(made, words)) {
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
            }
            Files.move(words, cache.path().resolve(PREFIX + key + CONTAINER), StandardCopyOption.ATOMIC_MOVE);
            Path image = cache.path().resolve(PREFIX + key + IMAGE);
            Files.move(made, image, StandardCopyOption.ATOMIC_MOVE);
            return new Rootfs(image, container);
        }
    }

    /** What it is made from is what the key is of: nothing has changed meanwhile. */
    private static void requireSame(RootSource source, long size, CacheDirectory cache, String key) throws IOException {
        if (!key(source, size, cache).equals(key)) {
            throw new RootfsException("it has changed while it was read");
        }
    }

    private static Container read(RootSource source, Tree tree, Stage stage) throws IOException {
        if (Files.isDirectory(source.path())) {
            if (isLayout(source.path())) {
                return readImage(new DirectoryBlobs(source.path()), source, tree, stage);
            }
            requireNoReference(source);
            new DirectoryLayer(source.path()).read(tree, stage);
            return null;
        }
        Path plain = plain(source.path(), stage);
        TarBlobs blobs = TarBlobs.open(plain);
        if (blobs.isImage()) {
            return readImage(blobs, source, tree, stage);
        }
        blobs.close();
        requireNoReference(source);
        try (InputStream in = Files.newInputStream(plain)) {
            new TarLayer(tree, stage, false).read(in);
        }
        return null;
    }

    private static void requireNoReference(RootSource source) throws RootfsException {
        if (source.reference() != null) {
            throw new RootfsException("it is no container image, of which \"" + source.reference() + "\" could be one");
        }
    }

    private static boolean isLayout(Path directory) {
        return Files.isRegularFile(directory.resolve(ImageReader.LAYOUT), LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(directory.resolve(ImageReader.INDEX), LinkOption.NOFOLLOW_LINKS);
    }

    private static Container readImage(Blobs blobs, RootSource source, Tree tree, Stage stage) throws IOException {
        try (blobs) {
            var config = new ImageReader(blobs, source.reference()).read(tree, stage);
            Container container = Container.of(config, ImageUser.of(config.path("User").asText(""), tree, stage));
            tree.makeDirectory(Names.of(container.directory()));
            return container;
        }
    }

    /** The archive as it is when nothing has packed it. */
    private static Path plain(Path archive, Stage stage) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(archive))) {
            if (!Unpacked.isPacked(Unpacked.head(in))) {
                return archive;
            }
            Path plain = stage.file(PLAIN);
            stage.copyArchive(Unpacked.of(in), plain);
            return plain;
        }
    }

    private static String key(RootSource source, long size, CacheDirectory cache) throws IOException {
        MessageDigest digest = sha256();
        String reference = source.reference() == null ? "" : source.reference();
        digest.update((VERSION + "\n" + size + "\n" + reference.length() + ":" + reference + "\n").getBytes(StandardCharsets.UTF_8));
        if (Files.isDirectory(source.path())) {
            new DirectoryLayer(source.path()).digest(digest);
        } else {
            digest.update(sumOf(source.path(), cache).getBytes(StandardCharsets.US_ASCII));
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The digest of a file, computed once as long as the file is the same one with the same times. */
    private static String sumOf(Path file, CacheDirectory cache) throws IOException {
        String identity = identity(file);
        String name = SUM + identity;
        Path known = cache.path().resolve(name);
        if (Files.exists(known) && !Files.readString(known, StandardCharsets.ISO_8859_1).matches("[0-9a-f]{64}")) {
            Files.delete(known);
        }
        return Files.readString(cache.file(name, out -> {
            byte[] sum = digestOf(file).getBytes(StandardCharsets.US_ASCII);
            if (!identity(file).equals(identity)) {
                throw new RootfsException("the archive has changed while it was read");
            }
            out.write(sum);
        }));
    }

    private static String identity(Path file) throws IOException {
        Map<String, Object> status = Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
        MessageDigest identity = sha256();
        for (String key : List.of("dev", "ino", "size", "lastModifiedTime", "ctime")) {
            identity.update((status.get(key) + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return HexFormat.of().formatHex(identity.digest());
    }

    private static String digestOf(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] chunk = new byte[CHUNK];
            for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
                digest.update(chunk, 0, n);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** A name-based UUID (RFC 9562, version 8) of the key. */
    private static UUID uuid(String key) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(key));
        return new UUID(bytes.getLong() & 0xFFFF_FFFF_FFFF_0FFFL | 0x8000, bytes.getLong() & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L);
    }

    /** Has no more than {@value #KEPT} images, and none that nobody has used for {@value #KEPT_DAYS} days. */
    private static void clean(Path cache, Path newest) {
        try (Stream<Path> files = Files.list(cache)) {
            List<Path> images = files.filter(file -> file.getFileName().toString().startsWith(PREFIX) && file.toString().endsWith(IMAGE)
                    && !file.equals(newest)).sorted(Comparator.comparing(Rootfs::lastUse).reversed()).toList();
            FileTime limit = FileTime.from(Instant.now().minus(Duration.ofDays(KEPT_DAYS)));
            for (int i = 0; i < images.size(); i++) {
                Path image = images.get(i);
                if (i < KEPT - 1 && lastUse(image).compareTo(limit) >= 0) {
                    continue;
                }
                Files.deleteIfExists(image);
                Files.deleteIfExists(Path.of(image.toString().replaceFirst("\\.ext4$", CONTAINER)));
            }
        } catch (IOException e) {
            LOG.debug("old images in {} stay: {}", cache, e.getMessage());
        }
    }

    private static FileTime lastUse(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            // Somebody else has deleted it.
            return FileTime.fromMillis(0);
        }
    }
}
