package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.DriveBody;
import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.core.block.UringBackend;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One of {@code /drives}, with its image open, or its vhost-user back end connected. Confined to one thread. */
final class Drive implements AutoCloseable {

    private static final int S_IFMT = 0170000;
    private static final int S_IFIFO = 0010000;
    private static final Pattern PARTITION = Pattern.compile("(?:^| )root=PARTUUID=(\\S+)");

    private final DriveBody body;
    private String path;
    private RateLimiterBody limits;
    /** {@code null} with a back end, and once it is the machine's alone. */
    private Fd image;
    /** Null with an image. */
    private BackEndPort backEnd;

    private Drive(DriveBody body, Fd image, BackEndPort backEnd) {
        this.body = body;
        this.backEnd = backEnd;
        this.path = body.pathOnHost();
        this.limits = Limits.kept(body.rateLimiter());
        this.image = image;
    }

    /** Opens the image that {@code body} names. */
    static Drive open(DriveBody body) throws ApiException {
        if (isVhostUser(body)) {
            return new Drive(body, null, connect(body));
        }
        if (body.pathOnHost() == null || body.socket() != null) {
            throw refused("Invalid block config.");
        }
        Fd image;
        try {
            image = openImage(body.pathOnHost(), isReadOnly(body));
        } catch (IOException e) {
            throw refused("Virtio backend error: Error manipulating the backing file: " + OsError.text(e) + " " + body.pathOnHost());
        }
        try {
            if ("Async".equals(body.ioEngine())) {
                UringBackend.requireHost();
            }
            return new Drive(body, image, null);
        } catch (LinuxException e) {
            image.close();
            throw refused("Virtio backend error: Error coming from the IO engine: " + OsError.text(e));
        }
    }

    /**
     * One that a machine has which was loaded.
     *
     * @param arguments the kernel's, which tell of the partition that it has booted from
     * @param limits    as they are kept, or {@code null}
     */
    static Drive loaded(DriveConfig config, String arguments, RateLimiterBody limits) {
        Matcher partition = PARTITION.matcher(arguments);
        String partuuid = config.isRootDevice() && partition.find() ? partition.group(1) : null;
        return new Drive(new DriveBody(config.driveId(), partuuid, config.isRootDevice(), config.cacheType().name(), config.isReadOnly(),
                config.pathOnHost(), limits, config.ioEngine().name(), null), null, null);
    }

    private static boolean isVhostUser(DriveBody body) {
        return body.socket() != null && body.pathOnHost() == null && body.isReadOnly() == null && body.rateLimiter() == null
                && body.ioEngine() == null;
    }

    private static BackEndPort connect(DriveBody body) throws ApiException {
        String what = "Vhost user backend error: Vhost-user error: ";
        try {
            OsError.path(body.socket());
            return BackEndPort.open(toConfig(body));
        } catch (LinuxException e) {
            throw refused(what + "Failed to connect to UDS Unix stream: " + OsError.text(e));
        } catch (IOException e) {
            throw refused(what + "the back end at " + body.socket() + " " + e.getMessage());
        }
    }

    /** Connects to the back end again, if there is one, whose connection a machine that failed has taken along. */
    void reopen() throws ApiException {
        if (backEnd != null) {
            backEnd.close();
            backEnd = connect(body);
        }
    }

    private static DriveConfig toConfig(DriveBody body) {
        return new DriveConfig(body.driveId(), body.isRootDevice(), null, null, null, DriveConfig.CacheType.valueOf(body.cacheType()))
                .withSocket(body.socket());
    }

    /** Whether a vhost-user back end serves it. */
    boolean isVhostUser() {
        return backEnd != null;
    }

    /** The back end; {@code null} when there is an image. */
    BackEndPort backEnd() {
        return backEnd;
    }

    private static boolean isReadOnly(DriveBody body) {
        return body.isReadOnly() != null && body.isReadOnly();
    }

    private static ApiException refused(String why) {
        return new ApiException("Drive config error: Unable to create the virtio block device: " + why);
    }

    /** Without waiting for the other end of a pipe, which is no disk. */
    private static Fd openImage(String path, boolean readOnly) throws IOException {
        Fd file = Fd.open(OsError.path(path), (readOnly ? Fd.O_RDONLY : Fd.O_RDWR) | Fd.O_NONBLOCK);
        try {
            if ((file.stat().mode() & S_IFMT) == S_IFIFO) {
                throw new LinuxException("lseek(" + path + ")", Errno.ESPIPE);
            }
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Opens another image for this drive.
     *
     * @return the image, for the caller to close or to give to {@link #use}
     */
    Fd openOther(String other) throws IOException {
        return openImage(other, isReadOnly(body));
    }

    /** The drive is on {@code other} now. */
    void use(String otherPath, Fd other) {
        close();
        image = other;
        path = otherPath;
    }

    /** The drive has other limits now. */
    void use(RateLimiterBody change) {
        limits = Limits.changed(limits, change);
    }

    String id() {
        return body.driveId();
    }

    boolean isRoot() {
        return body.isRootDevice();
    }

    /** The image; {@code null} when a back end serves the drive. */
    Fd image() {
        return image;
    }

    /** What tells the kernel of its root file system. */
    String rootArguments() {
        return (body.partuuid() == null ? "root=/dev/vda" : "root=PARTUUID=" + body.partuuid()) + (isVhostUser() && backEnd.isReadOnlyDisk() || isReadOnly(body) ? " ro" : " rw");
    }

    /** As the machine takes it; which one is the root is said in the kernel's arguments. */
    DriveConfig toConfig() {
        if (isVhostUser()) {
            return toConfig(body);
        }
        return new DriveConfig(id(), isRoot(), null, path, isReadOnly(body), DriveConfig.CacheType.valueOf(body.cacheType()), false,
                Limits.toConfig(limits), DriveConfig.IoEngine.valueOf(engine()), null, null);
    }

    private String engine() {
        return body.ioEngine() == null ? "Sync" : body.ioEngine();
    }

    void write(JsonText json) {
        json.begin();
        json.field("drive_id", id());
        json.field("partuuid", body.partuuid());
        json.field("is_root_device", isRoot());
        json.field("cache_type", body.cacheType());
        if (isVhostUser()) {
            json.fieldNull("is_read_only");
            json.fieldNull("path_on_host");
            json.fieldNull("rate_limiter");
            json.fieldNull("io_engine");
            json.field("socket", body.socket());
        } else {
            json.field("is_read_only", isReadOnly(body));
            json.field("path_on_host", path);
            Limits.write(json, "rate_limiter", limits);
            json.field("io_engine", engine());
            json.fieldNull("socket");
        }
        json.end();
    }

    @Override
    public void close() {
        if (backEnd != null) {
            backEnd.close();
        }
        if (image != null) {
            image.close();
        }
    }
}
