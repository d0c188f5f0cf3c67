package io.vmm4j.core.vhostuser;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device whose queues a back end serves.
 *
 * <p>A back end that goes away, or does not answer, is looked for again and told everything anew; what the guest has asked for waits meanwhile, or has
 * no link. One that breaks a rule of the protocol is done with: the device needs a reset, after which it is looked for again. What a back end does is
 * this device's trouble only, but for the guest's memory, all of which it sees.
 *
 * <p>Confined to the device's own loop, which waits for the back end, but for the methods that say otherwise.
 */
public final class VhostUserDevice implements VirtioDevice, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VhostUserDevice.class);
    /** Of those that the transport has; packed rings are not among them. */
    static final long RING_FEATURES = VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_INDIRECT_DESC)
            | VirtioFeatures.mask(VirtioFeatures.VIRTIO_F_EVENT_IDX);

    private final String name;
    private final BackEndPort port;
    private final DeviceShape shape;
    private final EpollEventLoop loop;
    private final Retry retry;
    private final Rings rings;
    private final LoopTask driverWrite;
    /** Watches of the back end. */
    private final BackEndWatch watch;
    /** Null while there is none. */
    private BackEnd backEnd;
    /** Null while no driver uses the device. */
    private VirtioActivation activation;
    private boolean isPaused;
    /** The back end has broken a rule: there is none until the driver resets the device. */
    private boolean isBroken;
    /** The log says that there is no back end. */
    private boolean isLossTold;
    /** The log says that one is there and cannot be used. */
    private boolean isComplaintTold;

    /**
     * @param name   for messages: {@code drive data}
     * @param port   with a back end, or without: then one is looked for; closed by who opened it, when the loop has ended
     * @param ram    the guest's
     * @param loop   the device's own, not running yet
     * @param wiring of the device
     */
    public VhostUserDevice(String name, BackEndPort port, SharedRam ram, EpollEventLoop loop, Wiring wiring) throws IOException {
        this.name = name;
        this.port = port;
        this.shape = port.shape();
        this.loop = loop;
        this.retry = new Retry(loop, System::nanoTime, port.timing(), this::lookAgain);
        this.rings = new Rings(ram, wiring, shape.queueSizes());
        this.watch = new BackEndWatch(loop, this::requested, why -> lost(VhostUserException.gone(why)), why -> lost(VhostUserException.breach(why)));
        this.driverWrite = new LoopTask(loop, this::handOnDriverWrite);
        shape.onDriverWrite(at -> driverWrite.schedule());
        backEnd = port.take();
        port.endsWith(loop::isClosing);
        if (backEnd == null) { // a machine that failed has taken it along
            lost(VhostUserException.gone("is not there"));
        } else {
            beginWatch();
            shape.setServed(true);
        }
    }

    private void beginWatch() throws IOException {
        try {
            watch.begin(backEnd);
        } catch (IOException | RuntimeException | Error e) {
            watch.end();
            backEnd.close();
            throw e;
        }
    }

    @Override
    public VirtioDeviceType type() {
        return shape.type();
    }

    @Override
    public long deviceFeatures() {
        return port.offered();
    }

    @Override
    public OptionalLong ringFeaturesElsewhere() {
        return OptionalLong.of(port.features() & RING_FEATURES);
    }

    @Override
    public int[] queueSizeMax() {
        return shape.queueSizes();
    }

    @Override
    public ConfigSpace configSpace() {
        return shape.configSpace();
    }

    @Override
    public void activate(VirtioActivation next) {
        activation = next;
        isBroken = false;
        rings.begin(next);
        if (backEnd == null) {
            lookAgain();
        } else {
            serve();
        }
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        rings.notified(queueIndex);
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        try {
            if (backEnd != null) {
                rings.stop(backEnd, queueIndex);
            }
        } catch (VhostUserException e) {
            lost(e);
        }
        quiesced.run();
    }

    @Override
    public void reset() {
        activation = null;
        standStill();
        try {
            if (backEnd != null) {
                backEnd.reset();
            }
        } catch (VhostUserException e) {
            lost(e);
        }
        rings.end();
        shape.reset();
    }

    /** Has the back end stand still. Completes when it does, or has gone. Any thread. */
    public CompletableFuture<Void> pause() {
        return onLoop(() -> {
            isPaused = true;
            standStill();
        });
    }

    /** Lets it go on; does nothing to one that was not paused. Any thread. */
    public void resume() {
        onLoop(() -> {
            if (isPaused) {
                isPaused = false;
                serve();
            }
        });
    }

    private CompletableFuture<Void> onLoop(Runnable action) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            loop.executeCommand(() -> { // for one that is held, too
                action.run();
                done.complete(null);
            });
        } catch (RejectedExecutionException e) {
            done.complete(null); // the device has ended
        }
        return done;
    }

    private void standStill() {
        try {
            if (backEnd != null) {
                rings.stopAll(backEnd);
            }
        } catch (VhostUserException e) {
            lost(e);
        }
    }

    /** Has the back end serve the driver, if there are both. */
    private void serve() {
        if (backEnd == null || activation == null || isPaused || isBroken) {
            return;
        }
        try {
            backEnd.setFeatures(activation.driverFeatures());
            shape.prepare(backEnd);
            watch.endErrors(); // of the last time
            watch.errors(rings.start(backEnd));
        } catch (VhostUserException e) {
            lost(e);
        } catch (IOException e) {
            lost(VhostUserException.gone("cannot be given what it needs: " + e.getMessage()));
        }
    }

    /** Reads the configuration space once more. What goes wrong is told as an {@link UncheckedIOException}. */
    public void refresh() {
        if (backEnd == null) {
            throw new UncheckedIOException(new IOException(name + ": there is no back end at " + port.path() + " now"));
        }
        try {
            takeConfig();
        } catch (VhostUserException e) {
            lost(e);
            throw new UncheckedIOException(new IOException(name + ": the back end " + e.getMessage(), e));
        }
    }

    private void takeConfig() throws VhostUserException {
        if (shape.configLength() > 0 && shape.takeConfig(backEnd.config(shape.configLength()))) {
            tellChange(true);
        }
    }

    private void tellChange(boolean isChanged) {
        if (isChanged && activation != null) {
            activation.interrupt().configChanged();
        }
    }

    /** Plugs a network device's cable in or out. */
    public void setPlugged(boolean isPlugged) {
        tellChange(shape.setPlugged(isPlugged));
    }

    /** Whether a network device's link is up. Any thread. */
    public boolean isLinkUp() {
        return shape.isLinkUp();
    }

    /** A network device's configured hardware address; zeroes when there is none. Any thread. */
    public MacAddress mac() {
        return shape.mac();
    }

    /** The thread that the device has. */
    public EpollEventLoop loop() {
        return loop;
    }

    private void handOnDriverWrite() {
        try {
            if (backEnd != null) {
                shape.prepare(backEnd);
            }
        } catch (VhostUserException e) {
            lost(e);
        }
    }

    /** The back end has asked something. */
    private void requested(BackEndRequests requests) {
        try {
            requests.serve();
            if (requests.takeConfigChange()) {
                takeConfig();
            }
        } catch (VhostUserException e) {
            lost(e);
        }
    }

    private void lost(VhostUserException cause) {
        drop();
        if (loop.isClosing()) {
            return; // no other is looked for
        }
        tellLoss(cause);
        if (!cause.isBreach()) {
            if (activation != null) {
                activation.interrupt().usedBuffer(0); // it may have gone between the used ring and its word of it
            }
            retry.later();
            return;
        }
        isBroken = true;
        if (activation != null) {
            activation.interrupt().needsReset();
        }
    }

    private void tellLoss(VhostUserException cause) {
        if (!retry.lost()) {
            LOG.debug("{}: the back end at {} {}", name, port.path(), cause.getMessage());
            return;
        }
        isLossTold = true;
        isComplaintTold = false;
        LOG.warn("{}: the back end at {} {}: {}", name, port.path(), cause.getMessage(),
                cause.isBreach() ? "it is cut off until the guest resets the device" : "another is waited for");
    }

    private void drop() {
        watch.end();
        if (backEnd != null) {
            backEnd.close();
            backEnd = null;
        }
        rings.lost();
        tellChange(shape.setServed(false));
    }

    private void lookAgain() {
        if (backEnd != null || isBroken || loop.isClosing()) {
            return;
        }
        try {
            backEnd = port.connectAgain();
            watch.begin(backEnd);
            takeConfig();
            backEnd.established();
        } catch (IOException e) {
            complain(e);
            drop();
            retry.later();
            return;
        }
        retry.connected();
        if (isLossTold) {
            LOG.info("{}: there is a back end at {} again", name, port.path());
            isLossTold = false;
        }
        tellChange(shape.setServed(true));
        serve();
    }

    private void complain(IOException cause) {
        if (cause instanceof VhostUserException && !isComplaintTold) {
            isComplaintTold = true;
            LOG.warn("{}: the back end at {} cannot be used: it {}", name, port.path(), cause.getMessage());
        } else {
            LOG.debug("{}: no back end at {}: {}", name, port.path(), cause.getMessage());
        }
    }

    /** The loop has ended. */
    @Override
    public void close() {
        if (backEnd != null) {
            backEnd.close();
            backEnd = null;
        }
        rings.close();
        retry.close();
    }
}
