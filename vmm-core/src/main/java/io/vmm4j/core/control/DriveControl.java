package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.blk.BlkBackend;
import io.vmm4j.devices.virtio.blk.BlkExchange;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** A drive of a running machine. Thread-safe. */
public final class DriveControl {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioBlk device;
    private final DriveImages images;
    private final Duration bound;

    /**
     * @param id     as in the configuration
     * @param loop   owns {@code device}
     * @param device the drive
     * @param images what it may be on
     */
    public DriveControl(String id, EventLoop loop, VirtioBlk device, DriveImages images) {
        this(id, loop, device, images, DeviceLoop.BOUND);
    }

    /** @param bound after which a command that has changed nothing is withdrawn */
    DriveControl(String id, EventLoop loop, VirtioBlk device, DriveImages images, Duration bound) {
        this.id = id;
        this.loop = new DeviceLoop(loop, bound);
        this.device = device;
        this.images = images;
        this.bound = bound;
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
     * @return fails with an {@link UncheckedIOException} when the host does not say, with a {@link TimeoutException} when it takes more than
     *     10 s to; the guest is told nothing then
     */
    public CompletableFuture<Void> refresh() {
        Command<Void> command = new Command<>(bound, "drive " + id + ": the host did not tell the size of its image within "
                + bound.toSeconds() + " s; nothing was changed");
        loop.give(command, () -> Answers.give(command.answer(), () -> refresh(command)));
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

    /**
     * Puts another image behind the drive, as one changes a disk: requests in work end on the old one, later ones go to
     * the new one, whose size the guest is told. The image the drive is on already is looked at again, as {@link #refresh}
     * does.
     *
     * @param image opened as the configuration has it: read-only or not, direct or not
     * @return done when the old image is closed; fails with an {@link UncheckedIOException} when the new one cannot be used, with a
     *     {@link TimeoutException} when requests on the old one do not end within 10 s. The drive is on its old image then, and stays there
     * @throws ConfigException when {@code image} cannot be a drive's; the drive goes on as it is
     * @throws IOException     when the machine has ended
     */
    public CompletableFuture<Void> updateImage(Path image) throws ConfigException, IOException {
        if (images.isCurrent(image)) {
            return refresh();
        }
        BlkBackend next = images.open(image);
        CompletableFuture<Void> answer = new CompletableFuture<>();
        BlkExchange exchange;
        try {
            exchange = device.exchange(next);
        } catch (IOException e) {
            drop(next, answer, new UncheckedIOException(e));
            return answer;
        }
        Answers.unlessWithin(bound, answer, exchange::withdraw);
        // Closing an image may take the host a while: not on a loop.
        exchange.done().whenComplete((done, failure) -> Answers.give(answer, () -> settle(next, answer, failure)));
        return answer;
    }

    private void settle(BlkBackend next, CompletableFuture<Void> answer, Throwable failure) {
        if (failure == null) {
            try {
                images.use(next);
                answer.complete(null);
            } catch (IOException e) {
                answer.completeExceptionally(new UncheckedIOException(e));
            }
        } else if (failure instanceof CancellationException) {
            drop(next, answer, new TimeoutException("drive " + id + ": requests on its image did not end within " + bound.toSeconds()
                    + " s; it stays on that image"));
        } else if (failure instanceof IOException) {
            drop(next, answer, new UncheckedIOException((IOException) failure));
        } else {
            drop(next, answer, new IllegalStateException("the machine has ended", failure));
        }
    }

    private void drop(BlkBackend unused, CompletableFuture<Void> answer, Exception why) {
        try {
            images.drop(unused);
        } catch (IOException e) {
            why.addSuppressed(e);
        }
        answer.completeExceptionally(why);
    }
}
