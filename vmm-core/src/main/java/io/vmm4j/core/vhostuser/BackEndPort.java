package io.vmm4j.core.vhostuser;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;

/**
 * Where the back end of a device is, with a connection to it: made before there is a device, whose features are what the first back end offers.
 * Those that come after it have to offer as much. Thread-safe as far as one thread hands it to another.
 */
public final class BackEndPort implements AutoCloseable {

    private final Path path;
    private final DeviceShape shape;
    private final Timing timing;
    private volatile BooleanSupplier hurry = () -> false;
    /** Null once taken. */
    private BackEnd first;
    private final long features;
    private final long offered;

    private BackEndPort(Path path, DeviceShape shape, Timing timing) throws IOException {
        this.path = path;
        this.shape = shape;
        this.timing = timing;
        this.first = connect();
        try {
            this.features = first.features();
            this.offered = shape.offered(features);
            if (shape.configLength() > 0) {
                shape.takeConfig(first.config(shape.configLength()));
            }
            first.established();
        } catch (IOException | RuntimeException | Error e) {
            first.close();
            throw e;
        }
    }

    /**
     * Connects to the back end of a drive.
     *
     * @throws IOException when nobody listens, or what listens cannot be used, in words that go on its name
     */
    public static BackEndPort open(DriveConfig drive) throws IOException {
        boolean isFlushed = drive.cacheType() == DriveConfig.CacheType.Writeback;
        return open(Path.of(drive.socket()), new BlockShape(drive.numQueues(), drive.queueSize(), isFlushed), Timing.USUAL);
    }

    /** As the other one, of a network interface. */
    public static BackEndPort open(NetworkInterfaceConfig network) throws IOException {
        Optional<MacAddress> mac = Optional.ofNullable(network.guestMac()).map(MacAddress::parse);
        OptionalInt mtu = network.mtu() == null ? OptionalInt.empty() : OptionalInt.of(network.mtu());
        return open(Path.of(network.vhostUser()), new NetShape(mac, mtu, network.queueSize()), Timing.USUAL);
    }

    /** As the other one, of a shared folder. */
    public static BackEndPort open(ShareConfig share) throws IOException {
        return open(Path.of(share.socket()), new FsShape(share.tag(), share.numQueues(), share.queueSize()), Timing.USUAL);
    }

    static BackEndPort open(Path path, DeviceShape shape, Timing timing) throws IOException {
        return new BackEndPort(path, shape, timing);
    }

    private BackEnd connect() throws IOException {
        BackEnd backEnd = BackEnd.connect(path, timing, () -> hurry.getAsBoolean());
        try {
            if (shape.configLength() > 0 && !backEnd.hasConfig()) {
                throw VhostUserException.gone("does not give its configuration space (VHOST_USER_PROTOCOL_F_CONFIG)");
            }
            if (Long.compareUnsigned(backEnd.queueLimit(), shape.queueCount()) < 0) {
                throw VhostUserException.gone("serves " + Long.toUnsignedString(backEnd.queueLimit()) + " queues and not " + shape.queueCount());
            }
            return backEnd;
        } catch (IOException e) {
            backEnd.close();
            throw e;
        }
    }

    /** A back end that may take the place of the first. */
    BackEnd connectAgain() throws IOException {
        BackEnd backEnd = connect();
        long lacking = features & (offered | VhostUserDevice.RING_FEATURES) & ~backEnd.features();
        if (lacking != 0) {
            backEnd.close();
            throw VhostUserException.gone("does not offer features 0x" + Long.toHexString(lacking) + ", which the one before had");
        }
        return backEnd;
    }

    /** The connection, once; the taker's to close. */
    BackEnd take() {
        BackEnd taken = first;
        first = null;
        return taken;
    }

    /** @param isEnding ends waits for back ends when it becomes true */
    void endsWith(BooleanSupplier isEnding) {
        hurry = isEnding;
    }

    Path path() {
        return path;
    }

    DeviceShape shape() {
        return shape;
    }

    Timing timing() {
        return timing;
    }

    /** What the first back end offers, bit i = feature i. */
    long features() {
        return features;
    }

    /** The device's features. */
    long offered() {
        return offered;
    }

    /** Queues of the device. */
    public int queues() {
        return shape.queueSizes().length;
    }

    /** Whether it is a disk that the guest can only read. */
    public boolean isReadOnlyDisk() {
        return shape instanceof BlockShape && BlockShape.isReadOnly(offered);
    }

    /** Closes the connection, if no device has it. */
    @Override
    public void close() {
        if (first != null) {
            first.close();
            first = null;
        }
    }
}
