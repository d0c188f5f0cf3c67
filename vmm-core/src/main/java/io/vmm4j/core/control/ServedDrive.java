package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A drive that a vhost-user back end serves. Thread-safe. */
final class ServedDrive implements DriveWork {

    private final String id;
    private final DeviceLoop loop;
    private final VhostUserDevice device;

    /** @param loop the device's */
    ServedDrive(String id, DeviceLoop loop, VhostUserDevice device) {
        this.id = id;
        this.loop = loop;
        this.device = device;
    }

    private String why() {
        return "drive " + id + " is served by a vhost-user back end, which has its disk and its limits";
    }

    @Override
    public Duration bound() {
        return loop.bound();
    }

    @Override
    public CompletableFuture<Void> updateRateLimiter(RateLimiterConfig limits) {
        throw new IllegalArgumentException(why());
    }

    @Override
    public CompletableFuture<Void> refresh() {
        return loop.run(device::refresh);
    }

    @Override
    public CompletableFuture<Void> updateImage(Path image, DriveConfig.Format format, Duration within) throws ConfigException {
        throw new ConfigException("drives." + id + ".path_on_host", why());
    }
}
