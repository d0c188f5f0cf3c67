package io.vmm4j.core.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A kernel on the host.
 *
 * @param image   bzImage or vmlinux
 * @param version as {@code uname -r} has it, or {@code null} where the image does not say
 */
public record HostKernel(Path image, String version) {

    private static final String PREFIX = "vmlinuz-";
    /** Behind a version: what is of another time, or no kernel. */
    private static final Pattern COPY = Pattern.compile("(~|\\.(old|bak|orig|save|new|tmp|disabled|hmac|sig|dpkg-\\w+|rpm\\w+|ucf-\\w+))$", Pattern.CASE_INSENSITIVE);
    /** Documentation/arch/x86/boot.rst: kernel_version, a pointer less 0x200 to text that ends in NUL. */
    private static final int HEADER_MAGIC = 0x202;
    private static final int KERNEL_VERSION = 0x20e;
    private static final int VERSION_BASE = 0x200;
    private static final byte[] HDRS = {'H', 'd', 'r', 'S'};
    private static final int HEAD_BYTES = 64 << 10;
    /** A vmlinux has its banner in its read-only data, behind the code. */
    private static final int BANNER_WITHIN = 128 << 20;
    private static final int CHUNK = 1 << 20;
    private static final Pattern BANNER = Pattern.compile("Linux version ([0-9][\\w.+~-]{0,127}) ");
    private static final int BANNER_MAX = 256;
    private static final Pattern PART = Pattern.compile("\\d+|[^\\d]+");

    /**
     * The newest {@code vmlinuz-VERSION} in {@code boot}, by its version, with the numbers in it compared as numbers; {@code -rc} and {@code ~}
     * are before what they come to. Copies that package managers and people keep ({@code .old}, {@code .bak}, {@code .dpkg-new}, {@code ~} …) are
     * none. Empty when there is none.
     *
     * @throws IOException the directory cannot be read
     */
    public static Optional<Path> newestIn(Path boot) throws IOException {
        try (Stream<Path> files = Files.list(boot)) {
            return files.filter(file -> isKernel(file.getFileName().toString()) && Files.isRegularFile(file))
                    .max(Comparator.comparing(file -> file.getFileName().toString().substring(PREFIX.length()), HostKernel::compareVersions));
        } catch (NoSuchFileException | NotDirectoryException e) {
            return Optional.empty();
        }
    }

    private static boolean isKernel(String name) {
        return name.startsWith(PREFIX) && !COPY.matcher(name).find();
    }

    /** Compares versions; see {@link #newestIn}. */
    static int compareVersions(String one, String other) {
        List<String> ours = parts(one);
        List<String> theirs = parts(other);
        for (int i = 0; i < Math.max(ours.size(), theirs.size()); i++) {
            int order = compareParts(i < ours.size() ? ours.get(i) : "", i < theirs.size() ? theirs.get(i) : "");
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    private static List<String> parts(String version) {
        return PART.matcher(version).results().map(result -> result.group()).toList();
    }

    private static int compareParts(String one, String other) {
        int rank = Integer.compare(rank(one), rank(other));
        if (rank != 0 || !isNumber(one)) {
            return rank != 0 ? rank : one.compareTo(other);
        }
        String a = one.replaceFirst("^0+(?=.)", "");
        String b = other.replaceFirst("^0+(?=.)", "");
        return a.length() == b.length() ? a.compareTo(b) : Integer.compare(a.length(), b.length());
    }

    /** What leads to a version, its end, what follows on it, another number. */
    private static int rank(String part) {
        if (part.isEmpty()) {
            return 1;
        }
        return part.startsWith("~") || part.startsWith("-rc") ? 0 : isNumber(part) ? 3 : 2;
    }

    private static boolean isNumber(String part) {
        return !part.isEmpty() && Character.isDigit(part.charAt(0));
    }

    /**
     * The kernel in {@code image}, with the version that it says it has.
     *
     * @throws IOException it cannot be read
     */
    public static HostKernel of(Path image) throws IOException {
        try (InputStream file = Files.newInputStream(image)) {
            byte[] head = file.readNBytes(HEAD_BYTES);
            String version = hasHeader(head) ? headerVersion(head) : bannerVersion(head, file);
            return new HostKernel(image, version);
        }
    }

    private static boolean hasHeader(byte[] head) {
        return head.length > KERNEL_VERSION + 1 && ByteBuffer.wrap(head, HEADER_MAGIC, HDRS.length).equals(ByteBuffer.wrap(HDRS));
    }

    private static String headerVersion(byte[] head) {
        int start = Short.toUnsignedInt(ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getShort(KERNEL_VERSION)) + VERSION_BASE;
        int end = start;
        while (end < head.length && head[end] > ' ') {
            end++;
        }
        return start == VERSION_BASE || end <= start ? null : checked(new String(head, start, end - start, StandardCharsets.US_ASCII));
    }

    private static String bannerVersion(byte[] head, InputStream rest) throws IOException {
        byte[] chunk = head;
        String carried = "";
        for (int read = 0; chunk.length > 0 && read < BANNER_WITHIN; read += chunk.length) {
            String text = carried + new String(chunk, StandardCharsets.ISO_8859_1);
            Matcher banner = BANNER.matcher(text);
            if (banner.find()) {
                return checked(banner.group(1));
            }
            carried = text.substring(Math.max(0, text.length() - BANNER_MAX));
            chunk = rest.readNBytes(CHUNK);
        }
        return null;
    }

    /** It becomes the name of a directory. */
    private static String checked(String version) {
        return version.matches("[0-9][\\w.+~-]*") ? version : null;
    }

    /**
     * Where the modules of this kernel are: in {@code lib/modules} beside the {@code boot} that the image is in, as an unpacked package has
     * them, or under {@code root}.
     */
    public Optional<Path> modules(Path root) {
        if (version == null) {
            return Optional.empty();
        }
        Path directory = image.toAbsolutePath().normalize().getParent();
        Stream<Path> beside = directory == null || directory.getParent() == null ? Stream.empty() : Stream.of(directory.getParent());
        return Stream.concat(beside, Stream.of(root, root.resolve("usr"))).map(prefix -> prefix.resolve("lib/modules").resolve(version))
                .filter(Files::isDirectory).findFirst();
    }
}
