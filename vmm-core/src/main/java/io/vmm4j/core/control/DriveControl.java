package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** A drive of a running machine. Thread-safe. */
public final class DriveControl {

    private final String id;
    private final DriveWork work;

    /**
     * @param id     as in the configuration
     * @param loop   owns {@code device}
     * @param device the drive
     * @param images what it may be on
     */
    public DriveControl(String id, EventLoop loop, VirtioBlk device, DriveImages images) {
        this(id, new DeviceLoop(loop), device, images);
    }

    /** @param bound after which a command that has changed nothing is withdrawn */
    DriveControl(String id, EventLoop loop, VirtioBlk device, DriveImages images, Duration bound) {
        this(id, new DeviceLoop(loop, bound), device, images);
    }

    /** As the first constructor, with the loop's answers given by a machine's own threads. */
    public DriveControl(String id, DeviceLoop loop, VirtioBlk device, DriveImages images) {
        this(id, new ImageDrive(id, loop, device, images));
    }

    private DriveControl(String id, DriveWork work) {
        this.id = id;
        this.work = work;
    }

    /**
     * Of a drive that a vhost-user back end serves.
     *
     * @param loop the device's own
     */
    @SuppressWarnings("exports") // made by machines only
    public static DriveControl served(String id, DeviceLoop loop, VhostUserDevice device) {
        return new DriveControl(id, new ServedDrive(id, loop, device));
    }

    /** Whether a vhost-user back end serves the drive: it has no image and no limits here, and {@link #refresh} asks the back end. */
    public boolean isVhostUser() {
        return work instanceof ServedDrive;
    }

    /** The drive's id in the configuration. */
    public String id() {
        return id;
    }

    /**
     * Changes the limits: an absent one stays as it is, a present one takes the old one's place and starts full, one of
     * size 0 lifts it. Requests that wait are looked at again.
     *
     * @throws IllegalArgumentException when the limits cannot be, or {@link #isVhostUser()}
     */
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        return work.updateRateLimiter(DeviceLoop.checked(limits, "rate_limiter"));
    }

    /**
     * Tells the guest how large the drive's image is now, as after somebody made it larger; where a back end serves it, what else that says of
     * the disk too.
     *
     * @return fails with an {@link UncheckedIOException} when the host does not say, with a {@link TimeoutException} when it takes more than
     *     10 s to; the guest is told nothing then
     */
    public CompletableFuture<Void> refresh() {
        return work.refresh();
    }

    /**
     * Puts another image behind the drive, as one changes a disk: requests in work end on the old one, later ones go to
     * the new one, whose size the guest is told. The image the drive is on already is looked at again, as {@link #refresh}
     * does. Changes come one after the other, in the order in which they are asked for: the last one stays. One to an image that the drive is
     * about to leave, or to come to, is looked at when those before it are over; what is wrong with it then, its answer tells as a
     * {@link ConfigException}.
     *
     * @param image opened as the configuration has it: read-only or not, direct or not, and of the format it names
     * @return done when the old image is closed; fails with an {@link UncheckedIOException} when the new one cannot be used, with a
     *     {@link TimeoutException} when requests on the old one do not end within 10 s. The drive is on its old image then, and stays there
     * @throws ConfigException when {@code image} cannot be a drive's; the drive goes on as it is
     * @throws IOException     when the machine has ended, or the drive was removed
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
        return work.updateImage(image, format, work.bound());
    }

    /**
     * As {@link #updateImage(Path, DriveConfig.Format)}, by one who has another time to wait.
     *
     * @param within in place of the 10 s, more than nothing
     */
    public CompletableFuture<Void> updateImage(Path image, DriveConfig.Format format, Duration within) throws ConfigException, IOException {
        return work.updateImage(image, format, within);
    }
}
