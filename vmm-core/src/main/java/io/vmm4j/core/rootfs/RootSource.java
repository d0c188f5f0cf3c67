package io.vmm4j.core.rootfs;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A directory, an archive or a container image that a root file system can be made from, as the user names it. What decides is the name, and
 * whether there is a directory, never what a file holds: a disk's guest writes that.
 *
 * @param path      where it is
 * @param reference which of several images in it is meant, or {@code null}
 */
public record RootSource(Path path, String reference) {

    private static final List<String> ENDINGS = List.of(".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst");

    /** What {@code text} names, or empty where it is a disk image or nothing. A reference follows on a colon. */
    public static Optional<RootSource> of(String text) {
        if (text == null) {
            return Optional.empty();
        }
        try {
            if (isOne(text)) {
                return Optional.of(new RootSource(Path.of(text), null));
            }
            for (int colon = text.indexOf(':'); colon > 0; colon = text.indexOf(':', colon + 1)) {
                String path = text.substring(0, colon);
                if (isOne(path) && colon + 1 < text.length() && !Files.exists(Path.of(text))) {
                    return Optional.of(new RootSource(Path.of(path), text.substring(colon + 1)));
                }
            }
        } catch (InvalidPathException e) {
            // Told as that of an image.
        }
        return Optional.empty();
    }

    private static boolean isOne(String path) {
        Path file = Path.of(path);
        return Files.isDirectory(file) || ENDINGS.stream().anyMatch(path::endsWith) && Files.exists(file);
    }
}
