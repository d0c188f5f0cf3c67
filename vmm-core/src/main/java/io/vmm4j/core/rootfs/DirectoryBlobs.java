package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** An OCI layout as a directory. Names are those that the layout has, with digests in them; links are not followed. */
final class DirectoryBlobs implements Blobs {

    private final Path root;

    DirectoryBlobs(Path root) {
        this.root = root;
    }

    @Override
    public boolean has(String name) {
        Path path = Path.of(name);
        return !path.isAbsolute() && path.equals(path.normalize()) && !path.startsWith("..")
                && Files.isRegularFile(root.resolve(path), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public InputStream open(String name) throws IOException {
        if (!has(name)) {
            throw new RootfsException("its " + Names.show(Names.of(name)) + " is missing");
        }
        return Files.newInputStream(root.resolve(name), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
