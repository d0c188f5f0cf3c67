package io.vmm4j.core.machine;

import io.vmm4j.core.block.qcow2.Qcow2Image;
import io.vmm4j.core.block.qcow2.Qcow2Overlay;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.host.Shortage;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/** Puts over an image that is open for reading what its drive's {@code overlay} asks for. */
final class DiskOverlay {

    private DiskOverlay() {
    }

    /**
     * The disk of a drive with {@code base} open for it.
     *
     * @param base  closed when this does not have it
     * @param place where the base is
     * @return {@code null} after a problem was noted
     */
    static DiskImage on(DiskImage base, Path place, String key, Problems problems) throws IOException {
        String overlay = base.config().overlay();
        if (overlay == null) {
            return base;
        }
        if (overlay.equals(DriveConfig.IN_MEMORY)) {
            return new DiskImage(base.config(), base.file(), new DiskContent.InMemory(base.content()), base.capacity(), base.hasPartitionTable(), false);
        }
        boolean isRaw = base.content() instanceof DiskContent.Raw;
        base.close(); // opened once more from the overlay
        Path path = Path.of(overlay);
        try {
            Qcow2Overlay.create(path, base.capacity(), place.toRealPath(), isRaw);
        } catch (FileAlreadyExistsException e) {
            problems.add(key + ".overlay", "overlay " + path + " exists: to go on with it, give it as path_on_host, with format \"qcow2\"");
            return null;
        } catch (IOException e) {
            Shortage.rethrow(e);
            problems.add(key + ".overlay", "overlay " + path + " cannot be made: " + e.getMessage());
            return null;
        }
        return open(base, path);
    }

    private static DiskImage open(DiskImage base, Path path) throws IOException {
        try {
            Qcow2Image image = Qcow2Image.open(path, false, base.config().isDirect());
            DiskContent content = new DiskContent.Made(path, new DiskContent.Qcow2(image), new AtomicBoolean());
            return new DiskImage(base.config(), image.disk(), content, base.capacity(), base.hasPartitionTable(), false);
        } catch (IOException | RuntimeException | Error e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }
}
