package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
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
import java.util.function.Function;

/**
 * The changes of one drive's image: each begins when the one before is settled, which is when what it leaves is closed, so the drive ends up
 * on the image that was asked for last. Thread-safe.
 */
final class ImageChanges {

    private final String id;
    private final DeviceLoop loop;
    private final VirtioBlk device;
    private final DriveImages images;
    private final Function<Duration, CompletableFuture<Void>> refresh;
    /** Completes, never exceptionally, when all that was asked for so far is settled. Guarded by this. */
    private CompletableFuture<Void> settled = CompletableFuture.completedFuture(null);

    /**
     * @param id      of the drive
     * @param loop    gives the answers
     * @param refresh for a change to the image that the drive is on, within a time
     */
    ImageChanges(String id, DeviceLoop loop, VirtioBlk device, DriveImages images, Function<Duration, CompletableFuture<Void>> refresh) {
        this.id = id;
        this.loop = loop;
        this.device = device;
        this.images = images;
        this.refresh = refresh;
    }

    /**
     * Asks for a change.
     *
     * @param within after which it is withdrawn, unless the drive has gone over
     * @return as {@link DriveControl#updateImage(Path, DriveConfig.Format, Duration)} has it
     */
    CompletableFuture<Void> to(Path image, DriveConfig.Format format, Duration within) throws ConfigException, IOException {
        Change change;
        CompletableFuture<Void> before;
        synchronized (this) {
            before = settled;
            if (before.isDone() && images.isCurrent(image)) {
                images.requireGrowable();
                return refresh.apply(within);
            }
            // One that is open is left, or come to, by a change before: what is to be done about it shows when that is settled.
            boolean isAhead = !before.isDone() && images.isOpen(image);
            change = new Change(image, format, within, isAhead ? null : images.open(image, format));
            settled = change.settled;
        }
        loop.answers().unlessWithin(within, change.answer, change::withdraw);
        if (before.isDone()) {
            change.begin();
        } else {
            before.thenRun(() -> loop.answers().give(change::begin));
        }
        return change.answer;
    }

    /** One of them. */
    private final class Change {

        private final Path image;
        private final DriveConfig.Format format;
        private final Duration within;
        private final CompletableFuture<Void> answer = loop.newAnswer();
        private final CompletableFuture<Void> settled = new CompletableFuture<>();
        /** Of one that is withdrawn before its turn. */
        private final CompletableFuture<Void> released = new CompletableFuture<>();
        /** Open, and not dropped; null before. Guarded by this, as all below. */
        private BlkBackend next;
        private BlkExchange exchange;
        private boolean isBegun;
        private boolean isWithdrawn;

        Change(Path image, DriveConfig.Format format, Duration within, BlkBackend next) {
            this.image = image;
            this.format = format;
            this.within = within;
            this.next = next;
        }

        /** Its turn has come. */
        void begin() {
            synchronized (this) {
                if (isWithdrawn) {
                    released.thenRun(() -> settled.complete(null));
                    return;
                }
                isBegun = true;
            }
            try {
                if (!takesImage()) {
                    refresh.apply(within).whenComplete((done, failure) -> end(failure));
                    return;
                }
                exchange().done().whenComplete((done, failure) -> loop.answers().give(() -> settle(failure)));
            } catch (ConfigException e) {
                end(e);
            } catch (IOException e) {
                drop(new UncheckedIOException(e));
            } catch (RuntimeException | Error e) {
                drop(e);
            }
        }

        /** Opens the image that was open when it was asked for; false when the drive is on it. */
        private boolean takesImage() throws ConfigException, IOException {
            if (next != null) {
                return true;
            }
            if (images.isCurrent(image)) {
                images.requireGrowable();
                return false;
            }
            next = images.open(image, format);
            return true;
        }

        private BlkExchange exchange() throws IOException {
            BlkExchange begun = device.exchange(next);
            boolean isLate;
            synchronized (this) {
                exchange = begun;
                isLate = isWithdrawn;
            }
            if (isLate) {
                begun.withdraw();
            }
            return begun;
        }

        /** Its time is over. On a thread that does not wait. */
        void withdraw() {
            BlkExchange begun;
            synchronized (this) {
                isWithdrawn = true;
                begun = exchange;
                if (isBegun && begun == null) {
                    return; // seen as soon as there is one
                }
            }
            if (begun != null) {
                begun.withdraw();
            } else {
                loop.answers().give(() -> {
                    release(tooLate());
                    released.complete(null);
                });
            }
        }

        private TimeoutException tooLate() {
            return new TimeoutException("drive " + id + ": requests on its image did not end within " + Command.named(within)
                    + "; it stays on that image");
        }

        /** Closing an image may take the host a while: not on a loop. */
        private void settle(Throwable failure) {
            if (failure == null) {
                try {
                    images.use(next);
                    end(null);
                } catch (IOException e) {
                    end(new UncheckedIOException(e));
                }
            } else if (failure instanceof CancellationException) {
                drop(tooLate());
            } else if (failure instanceof IOException) {
                drop(new UncheckedIOException((IOException) failure));
            } else {
                drop(new IllegalStateException("the machine has ended, or drive " + id + " was removed from it", failure));
            }
        }

        private void drop(Throwable why) {
            release(why);
            settled.complete(null);
        }

        private void release(Throwable why) {
            try {
                if (next != null) {
                    images.drop(next);
                }
            } catch (IOException e) {
                why.addSuppressed(e);
            }
            answer(why);
        }

        private void end(Throwable failure) {
            settled.complete(null);
            answer(failure);
        }

        /** What follows an answer may wait for the next change: on a thread of its own. */
        private void answer(Throwable failure) {
            loop.answers().give(() -> {
                if (failure == null) {
                    answer.complete(null);
                } else {
                    answer.completeExceptionally(failure);
                }
            });
        }
    }
}
