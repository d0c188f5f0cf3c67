package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A block device on a disk image (one element of {@code drives}).
 *
 * @param driveId      name, unique among the drives: at most 255 characters that can be printed
 * @param isRootDevice whether the kernel gets a {@code root=} for it; at most one drive
 * @param partuuid     partition to boot by {@code root=PARTUUID=}, or {@code null}
 * @param pathOnHost   the image: a regular file or a block device, its size a multiple of 512 bytes
 * @param isReadOnly   opened read-only, and VIRTIO_BLK_F_RO offered
 * @param cacheType    whether the guest's flushes reach the disk; default {@link CacheType#Writeback}
 * @param isDirect     whether I/O goes past the host's page cache (O_DIRECT); default false
 * @param rateLimiter  limits bytes and requests, or {@code null}
 * @param ioEngine     how requests reach the host; default {@link IoEngine#Sync}
 * @param numQueues    queues of the device, each served by a thread of its own, 1 to {@link #MAX_QUEUES}; default 1
 * @param queueSize    requests and data pieces a queue has room for: a power of two from 4 to 1024; default 256
 * @param format       what the image is: {@link Format#RAW} for one that is raw whatever it begins with, as a disk on which the guest has
 *                     put the image of another; {@link Format#QCOW2}; {@code null} = qcow2 where its name ends in {@code .qcow2}, else
 *                     raw, and refused where it does not look like that
 * @param socket       the Unix socket of a vhost-user back end, which serves the drive in place of this process and an image; what goes with
 *                     images goes without it; {@code null} = there is an image
 * @param overlay      where the guest's writes go in place of the image, which is opened for reading and may be shared: a file that does not
 *                     exist, which becomes a qcow2 image with {@code pathOnHost} behind it, or {@link #IN_MEMORY}; {@code null} = the image
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DriveConfig(
        @JsonProperty("drive_id") String driveId,
        @JsonProperty("is_root_device") Boolean isRootDevice,
        @JsonProperty("partuuid") String partuuid,
        @JsonProperty("path_on_host") String pathOnHost,
        @JsonProperty("is_read_only") Boolean isReadOnly,
        @JsonProperty("cache_type") CacheType cacheType,
        @JsonProperty("is_direct") Boolean isDirect,
        @JsonProperty("rate_limiter") RateLimiterConfig rateLimiter,
        @JsonProperty("io_engine") IoEngine ioEngine,
        @JsonProperty("num_queues") Integer numQueues,
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("format") Format format,
        @JsonProperty("socket") String socket,
        @JsonProperty("overlay") String overlay) {

    /** The {@link #overlay} that is in the process' memory, and gone with the machine. */
    public static final String IN_MEMORY = "memory";

    /** Most queues of a drive. */
    public static final int MAX_QUEUES = 16;

    private static final int MIN_QUEUE_SIZE = 4;
    private static final int MAX_QUEUE_SIZE = 1024;
    private static final int DEFAULT_QUEUE_SIZE = 256;

    /** How requests reach the host; the names are the configuration file's. */
    public enum IoEngine {
        /** One system call a request, one request of a queue at a time. */
        Sync,
        /** Many requests in flight, by io_uring; needs a host that has it. */
        Async
    }

    /** What becomes of a guest's VIRTIO_BLK_T_FLUSH; the names are the configuration file's. */
    public enum CacheType {
        /** FLUSH is not offered: a crash of the host may lose what the guest believes written. */
        Unsafe,
        /** FLUSH is offered and reaches the disk. */
        Writeback
    }

    /** What an image is. */
    public enum Format {
        /** The disk's bytes, one after the other. */
        @JsonProperty("raw") RAW,
        /** A qcow2 image of version 2 or 3, with the files behind it that it names. */
        @JsonProperty("qcow2") QCOW2;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public DriveConfig {
        isRootDevice = isRootDevice != null && isRootDevice;
        isReadOnly = isReadOnly != null && isReadOnly;
        cacheType = cacheType == null ? CacheType.Writeback : cacheType;
        isDirect = isDirect != null && isDirect;
        ioEngine = ioEngine == null ? IoEngine.Sync : ioEngine;
        numQueues = numQueues == null ? 1 : numQueues;
        queueSize = queueSize == null ? DEFAULT_QUEUE_SIZE : queueSize;
    }

    /** A drive on an image without an overlay. */
    public DriveConfig(String driveId, Boolean isRootDevice, String partuuid, String pathOnHost, Boolean isReadOnly, CacheType cacheType,
            Boolean isDirect, RateLimiterConfig rateLimiter, IoEngine ioEngine, Integer numQueues, Integer queueSize, Format format, String socket) {
        this(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine, numQueues, queueSize,
                format, socket, null);
    }

    /** A drive on an image whose format is looked at. */
    public DriveConfig(String driveId, Boolean isRootDevice, String partuuid, String pathOnHost, Boolean isReadOnly, CacheType cacheType,
            Boolean isDirect, RateLimiterConfig rateLimiter, IoEngine ioEngine, Integer numQueues, Integer queueSize) {
        this(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine, numQueues, queueSize,
                null, null, null);
    }

    /** A drive with the defaults of what is not said. */
    public DriveConfig(String driveId, Boolean isRootDevice, String partuuid, String pathOnHost, Boolean isReadOnly, CacheType cacheType) {
        this(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, null, null, null, null, null, null, null, null);
    }

    /** A drive that a vhost-user back end serves, which listens at {@code socket}. */
    public static DriveConfig vhostUser(String driveId, String socket) {
        return new DriveConfig(driveId, null, null, null, null, null, null, null, null, null, null, null, socket, null);
    }

    /** The same drive on another image. */
    public DriveConfig withPath(String path) {
        return new DriveConfig(driveId, isRootDevice, partuuid, path, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine,
                numQueues, queueSize, format, socket, overlay);
    }

    /** The same drive, past the host's page cache or not. */
    public DriveConfig withDirect(boolean direct) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, direct, rateLimiter, ioEngine,
                numQueues, queueSize, format, socket, overlay);
    }

    /** The same drive with other limits. */
    public DriveConfig withRateLimiter(RateLimiterConfig limiter) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, limiter, ioEngine,
                numQueues, queueSize, format, socket, overlay);
    }

    /** The same drive with another engine. */
    public DriveConfig withEngine(IoEngine engine) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, engine,
                numQueues, queueSize, format, socket, overlay);
    }

    /** The same drive with this many queues of this size. */
    public DriveConfig withQueues(int queues, int size) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine,
                queues, size, format, socket, overlay);
    }

    /** The same drive, served by the vhost-user back end that listens there; {@code null} = by this process. */
    public DriveConfig withSocket(String path) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine,
                numQueues, queueSize, format, path, overlay);
    }

    /** The same drive with an image of this format; {@code null} = looked at. */
    public DriveConfig withFormat(Format imageFormat) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine,
                numQueues, queueSize, imageFormat, socket, overlay);
    }

    /** The same drive with the guest's writes going there: a file, {@link #IN_MEMORY}, or {@code null} for the image. */
    public DriveConfig withOverlay(String where) {
        return new DriveConfig(driveId, isRootDevice, partuuid, pathOnHost, isReadOnly, cacheType, isDirect, rateLimiter, ioEngine,
                numQueues, queueSize, format, socket, where);
    }

    /** What is about an image, of which the back end knows. */
    private void checkSocket(String key, Problems problems) {
        problems.require(!socket.isEmpty(), key + ".socket", "the path of a socket is required");
        problems.requirePath(socket, key + ".socket", "socket");
        Map<String, Boolean> others = new LinkedHashMap<>();
        others.put("path_on_host", pathOnHost != null);
        others.put("is_read_only", isReadOnly);
        others.put("rate_limiter", rateLimiter != null);
        others.put("io_engine", ioEngine != IoEngine.Sync);
        others.put("is_direct", isDirect);
        others.put("format", format != null);
        others.put("overlay", overlay != null);
        others.forEach((field, isGiven) -> problems.require(!isGiven, key + "." + field,
                field + " goes with an image and not with socket \"" + socket + "\": the vhost-user back end there has the disk"));
    }

    void check(String key, Problems problems) {
        problems.requireId(driveId, key + ".drive_id", "drive");
        if (socket != null) {
            checkSocket(key, problems);
        }
        problems.require(socket != null || pathOnHost != null && !pathOnHost.isEmpty(), key + ".path_on_host", "a disk image is required");
        problems.requirePath(pathOnHost, key + ".path_on_host", "disk image");
        problems.require(overlay == null || !isReadOnly, key + ".overlay", "overlay \"" + overlay + "\" is for a drive that is written to, and this one is read-only");
        problems.require(overlay == null || !overlay.isEmpty(), key + ".overlay", "an overlay is a file's path, or \"" + IN_MEMORY + "\"");
        problems.requirePath(overlay, key + ".overlay", "overlay");
        problems.require(partuuid == null || partuuid.matches("[0-9a-fA-F-]+"), key + ".partuuid",
                "partition UUID \"" + partuuid + "\" must be hexadecimal digits and hyphens");
        RateLimiterConfig.check(rateLimiter, key + ".rate_limiter", problems);
        problems.require(numQueues >= 1 && numQueues <= MAX_QUEUES, key + ".num_queues",
                "number of queues " + numQueues + " is not in 1.." + MAX_QUEUES);
        problems.require(queueSize >= MIN_QUEUE_SIZE && queueSize <= MAX_QUEUE_SIZE && Integer.bitCount(queueSize) == 1,
                key + ".queue_size", "queue size " + queueSize + " is not a power of two from " + MIN_QUEUE_SIZE + " to " + MAX_QUEUE_SIZE);
    }
}
