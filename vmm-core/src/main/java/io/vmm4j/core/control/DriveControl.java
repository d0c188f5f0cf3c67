package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** A drive of a running machine. Thread-safe. */
public final class DriveControl {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioBlk device;
    private final DriveImages images;

    /**
     * @param id     as in the configuration
     * @param loop   owns {@code device}
     * @param device the drive
     * @param images what it may be on
     */
    public DriveControl(String id, EventLoop loop, VirtioBlk device, DriveImages images) {
        this(id, new DeviceLoop(loop), device, images);
    }

    /** As the other constructor, with the loop's answers given by a machine's own threads. */
    public DriveControl(String id, DeviceLoop loop, VirtioBlk device, DriveImages images) {
        this.id = id;
        this.loop = loop;
        this.device = device;
        this.images = images;
    }

    /** The drive's id in the configuration. */
    public String id() {
        return id;
    }

    /**
     * Changes the limits: an absent one stays as it is, a present one takes the old one's place and starts full, one of
     * size 0 lifts it. Requests that wait are looked at again.
     *
     * @throws IllegalArgumentException when the limits cannot be
     */
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        DeviceLoop.checked(limits, "rate_limiter");
        return loop.run(() -> device.updateLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }

    /**
     * Tells the guest how large the drive's image is now, as after somebody made it larger.
     *
     * @return fails with an {@link UncheckedIOException} when the host does not say
     */
    public CompletableFuture<Void> refresh() {
        return loop.run(() -> {
            try {
                device.refreshCapacity();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /**
     * Puts another image behind the drive, as one changes a disk: requests in work end on the old one, later ones go to
     * the new one, whose size the guest is told. The image the drive is on already is looked at again, as {@link #refresh}
     * does.
     *
     * @param image opened as the configuration has it: read-only or not, direct or not, and of the format it names
     * @return done when the old image is closed
     * @throws ConfigException when {@code image} cannot be a drive's; the drive goes on as it is
     * @throws IOException     when the machine has ended
     */
    public CompletableFuture<Void> updateImage(Path image) throws ConfigException, IOException {
        return updateImage(image, null);
    }

    /**
     * As {@link #updateImage(Path)}, with an image of which the caller knows what it is.
     *
     * @param format {@link DriveConfig.Format#RAW} for an image that is raw whatever it begins with; {@code null} for what the
     *               configuration says
     */
    public CompletableFuture<Void> updateImage(Path image, DriveConfig.Format format) throws ConfigException, IOException {
        if (images.isCurrent(image)) {
            return refresh();
        }
        BlkBackend next = images.open(image, format);
        return loop.run(() -> exchange(next));
    }

    private void exchange(BlkBackend next) {
        try {
            try {
                device.replaceBackend(next);
            } catch (IOException e) {
                images.drop(next);
                throw e;
            }
            images.use(next);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
