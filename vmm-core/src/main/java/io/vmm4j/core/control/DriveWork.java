package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What {@link DriveControl} has done, by who serves the drive. Thread-safe. */
interface DriveWork {

    /** How long changes may take. */
    Duration bound();

    /** @param limits checked */
    CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits);

    CompletableFuture<Void> refresh();

    CompletableFuture<Void> updateImage(Path image, DriveConfig.Format format, Duration within) throws ConfigException, IOException;
}
