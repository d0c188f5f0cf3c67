package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import java.io.IOException;
import java.nio.file.Path;

/** Where the images of one drive come from; owns those that are open. Thread-safe. */
public interface DriveImages {

    /** Whether {@code image} is what the drive is on now. */
    boolean isCurrent(Path image);

    /** Whether {@code image} is open: the drive is on it now, or may come to be. */
    default boolean isOpen(Path image) {
        return isCurrent(image);
    }

    /**
     * Nothing, when the drive may become longer as its image does.
     *
     * @throws ConfigException when the image that it is on does not grow while it is in use
     */
    default void requireGrowable() throws ConfigException {
        // An image is taken for one that does.
    }

    /**
     * Opens and locks {@code image} with the drive's other options.
     *
     * @throws ConfigException when it cannot be a drive's
     * @throws IOException     when the machine has ended, or the drive was removed
     */
    BlkBackend open(Path image) throws ConfigException, IOException;

    /**
     * As {@link #open(Path)}, with an image of which the caller may know what it is.
     *
     * @param format what the image is, or {@code null} for what the drive's configuration says
     */
    default BlkBackend open(Path image, DriveConfig.Format format) throws ConfigException, IOException {
        return open(image);
    }

    /** The drive is on {@code next} now: the one before is closed. */
    void use(BlkBackend next) throws IOException;

    /** The drive could not go on with {@code unused}, which is closed. */
    void drop(BlkBackend unused) throws IOException;
}
