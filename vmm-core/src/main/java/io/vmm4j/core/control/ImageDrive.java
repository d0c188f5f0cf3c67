package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A drive on an image. Thread-safe. */
final class ImageDrive implements DriveWork {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioBlk device;
    private final Duration bound;
    private final ImageChanges changes;

    /** @param loop owns {@code device} */
    ImageDrive(String id, DeviceLoop loop, VirtioBlk device, DriveImages images) {
        this.id = id;
        this.loop = loop;
        this.device = device;
        this.bound = loop.bound();
        this.changes = new ImageChanges(id, loop, device, images, this::refresh);
    }

    @Override
    public Duration bound() {
        return bound;
    }

    @Override
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        return loop.run(() -> device.updateLimits(limits.bandwidthBucket(), limits.opsBucket()));
    }

    @Override
    public CompletableFuture<Void> refresh() {
        return refresh(bound);
    }

    private CompletableFuture<Void> refresh(Duration within) {
        Command<Void> command = loop.newCommand("drive " + id + ": the host did not tell the size of its image within "
                + Command.named(within) + "; nothing was changed", within);
        loop.give(command, () -> loop.answers().give(() -> refresh(command)));
        return command.answer();
    }

    /** Not on a loop: the host may take a while. */
    private void refresh(Command<Void> command) {
        try {
            if (device.refreshCapacity(command::begin)) {
                command.succeed(null);
            }
        } catch (IOException e) {
            command.fail(new UncheckedIOException(e));
        }
    }

    @Override
    public CompletableFuture<Void> updateImage(Path image, DriveConfig.Format format, Duration within) throws ConfigException, IOException {
        return changes.to(image, format, within);
    }
}
