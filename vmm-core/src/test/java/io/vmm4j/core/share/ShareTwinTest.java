package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations at random through a share, and the same on a twin directory by the host's own means: both end well or both do not, and look the same. */
final class ShareTwinTest {

    private static final int OPERATIONS = 2500;
    private static final int O_RDWR = 2;

    @TempDir
    private Path base;
    private Path shared;
    private Path twin;
    private FuseGuest guest;
    private Random random;

    /** What may fail on either side. */
    private interface Attempt {
        void make() throws IOException, FuseGuest.Refused;
    }

    /** With few descriptors what the guest knows is opened again all the time. */
    @ParameterizedTest(name = "with {0} descriptors")
    @ValueSource(ints = {Descriptors.MOST, 8})
    void aShareAndATwinDirectoryAreAlikeAfterTheSameOperations(int descriptors) throws Exception {
        random = new Random(VirtioRig.seed("ShareTwinTest"));
        shared = Files.createDirectory(base.resolve("shared"));
        twin = Files.createDirectory(base.resolve("twin"));
        try (FuseGuest made = new FuseGuest(new ShareServer(ShareConfig.of(shared.toString(), "t"), new Descriptors(descriptors)))) {
            guest = made;
            for (int i = 0; i < OPERATIONS; i++) {
                operate(i);
            }
        }
        assertEquals(tree(twin), tree(shared));
    }

    private void operate(int number) {
        String from = path();
        String to = path();
        int mode = 0700 | random.nextInt(0100);
        byte[] data = new byte[random.nextInt(9000)];
        random.nextBytes(data);
        long offset = random.nextInt(9000);
        switch (random.nextInt(14)) {
            case 0 -> both(number, "mkdir " + from, () -> guest.mkdir(parent(from), last(from), mode),
                    () -> chmod(Files.createDirectory(twin.resolve(from)), mode));
            case 1, 2 -> both(number, "create " + from, () -> guest.release(guest.create(parent(from), last(from), O_RDWR | 0x80, mode)),
                    () -> chmod(Files.createFile(twin.resolve(from)), mode));
            case 3, 4 -> both(number, "write " + from, () -> write(from, offset, data), () -> {
                try (FileChannel file = FileChannel.open(twin.resolve(from), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                    file.write(ByteBuffer.wrap(data), offset);
                }
            });
            case 5 -> both(number, "remove " + from, () -> remove(from), () -> Files.delete(twin.resolve(from)));
            case 6 -> both(number, "rename " + from + " " + to, () -> guest.rename(parent(from), last(from), parent(to), last(to), 0),
                    () -> Files.move(twin.resolve(from), twin.resolve(to), StandardCopyOption.ATOMIC_MOVE));
            // To nothing: on the host, a link to a directory would be followed on the way to what is in it.
            case 7 -> both(number, "symlink " + from, () -> guest.symlink(parent(from), last(from), "to-" + to),
                    () -> Files.createSymbolicLink(twin.resolve(from), Path.of("to-" + to)));
            case 8 -> both(number, "link " + from + " " + to, () -> guest.link(guest.walk(from).node(), parent(to), last(to)),
                    () -> Files.createLink(twin.resolve(to), twin.resolve(from)));
            case 9 -> both(number, "chmod " + from, () -> chmod(guest, from, mode), () -> {
                if (Files.isSymbolicLink(twin.resolve(from))) {
                    throw new IOException("a link has no mode");
                }
                chmod(twin.resolve(from), mode);
            });
            case 10 -> assertEquals(text(() -> Arrays.hashCode(Files.readAllBytes(regular(twin.resolve(from))))), text(() -> read(from)),
                    "operation " + number + ", read " + from);
            case 11, 12 -> both(number, "the host's rename " + from + " " + to,
                    () -> Files.move(shared.resolve(from), shared.resolve(to), StandardCopyOption.ATOMIC_MOVE),
                    () -> Files.move(twin.resolve(from), twin.resolve(to), StandardCopyOption.ATOMIC_MOVE));
            default -> both(number, "truncate " + from, () -> truncate(from, offset), () -> {
                try (FileChannel file = FileChannel.open(twin.resolve(from), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
                    file.truncate(offset);
                    if (file.size() < offset) {
                        file.write(ByteBuffer.allocate(1), offset - 1);
                    }
                }
            });
        }
    }

    /** What may fail on either side, and says something. */
    private interface Look {
        Object look() throws IOException, FuseGuest.Refused;
    }

    private static Object text(Look look) {
        try {
            return look.look();
        } catch (IOException | FuseGuest.Refused e) {
            return "nothing";
        }
    }

    private static Path regular(Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("no file");
        }
        return file;
    }

    private int read(String path) throws FuseGuest.Refused {
        long handle = guest.open(guest.walk(path).node(), 0);
        byte[] content = guest.read(handle, 0, 64 << 10);
        guest.release(handle);
        return Arrays.hashCode(content);
    }

    private static void chmod(FuseGuest guest, String path, int mode) throws FuseGuest.Refused {
        guest.setattr(guest.walk(path).node(), 1, 0, mode, 0, 0);
    }

    private void both(int number, String what, Attempt onGuest, Attempt onHost) {
        assertEquals(isDone(onHost), isDone(onGuest), "operation " + number + ", " + what);
    }

    private static boolean isDone(Attempt attempt) {
        try {
            attempt.make();
            return true;
        } catch (IOException | FuseGuest.Refused e) {
            return false;
        }
    }

    /** One of a few names, at up to three levels. */
    private String path() {
        StringBuilder path = new StringBuilder();
        int depth = 1 + random.nextInt(3);
        for (int i = 0; i < depth; i++) {
            path.append(i == 0 ? "" : "/").append(i < depth - 1 ? "d" : random.nextInt(3) == 0 ? "d" : "f").append(random.nextInt(3));
        }
        return path.toString();
    }

    private long parent(String path) throws FuseGuest.Refused {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? 1 : guest.walk(path.substring(0, slash)).node();
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private void write(String path, long offset, byte[] data) throws FuseGuest.Refused {
        long handle = guest.open(guest.walk(path).node(), O_RDWR);
        guest.write(handle, offset, data);
        guest.release(handle);
    }

    private void truncate(String path, long size) throws FuseGuest.Refused {
        long node = guest.walk(path).node();
        guest.setattr(node, 8, size, 0, 0, 0);
    }

    private void remove(String path) throws FuseGuest.Refused {
        boolean isDirectory = (guest.walk(path).mode() & 0170000) == 0040000;
        if (isDirectory) {
            guest.rmdir(parent(path), last(path));
        } else {
            guest.unlink(parent(path), last(path));
        }
    }

    private static void chmod(Path file, int mode) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int bit = 8; bit >= 0; bit--) {
            text.append((mode >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
        }
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(text.toString()));
    }

    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(path -> !path.equals(root)).toList()) {
                Object mode = Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                Object links = Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS) ? "" : Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS);
                String content = Files.isSymbolicLink(file) ? Files.readSymbolicLink(file).toString()
                        : Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) ? Files.size(file) + " " + Arrays.hashCode(Files.readAllBytes(file)) : "";
                tree.put(root.relativize(file).toString(), mode + " " + links + " " + content);
            }
        }
        return tree;
    }
}
