package io.vmm4j.core.machine;

import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DeviceContract;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A virtio device of the embedder's, checked when it is made, and guarded from then on: what it throws ends its machine under
 * the device's name and reaches neither a vCPU nor the loop. What is constant is asked for once.
 */
final class GivenDevice implements VirtioDevice {

    private final GivenPart part;
    private final VirtioDevice device;
    private final VirtioDeviceType type;
    private final long features;
    private final OptionalLong ringFeatures;
    private final int[] queueSizeMax;
    private final ConfigSpace config;

    private GivenDevice(GivenPart part, VirtioDevice device) {
        this.part = part;
        this.device = device;
        this.type = Objects.requireNonNull(device.type(), "type()");
        this.features = device.deviceFeatures();
        this.ringFeatures = Objects.requireNonNull(device.ringFeaturesElsewhere(), "ringFeaturesElsewhere()");
        this.queueSizeMax = device.queueSizeMax().clone();
        ConfigSpace space = Objects.requireNonNull(device.configSpace(), "configSpace()");
        space.generation();
        this.config = new GivenConfig(space);
    }

    /**
     * Has the embedder make the device, and checks it.
     *
     * @param others in the same machine
     * @throws GivenPartException when it is none that can be used
     */
    static GivenDevice make(ExtraDevice extra, EventLoop loop, VcpuEvents events, List<GivenDevice> others) {
        GivenPart part = new GivenPart("device " + extra.name(), "devices." + extra.name(), events);
        VirtioDevice device = made(extra, loop, part);
        for (GivenDevice other : others) {
            if (other.device == device) {
                throw part.refused("it is " + other.part.name() + " too");
            }
        }
        try {
            Optional<String> problem = DeviceContract.problemOf(device);
            if (problem.isPresent()) {
                throw part.refused(problem.get());
            }
            return new GivenDevice(part, device);
        } catch (Throwable e) {
            throw part.refused("one of its constants", e);
        }
    }

    private static VirtioDevice made(ExtraDevice extra, EventLoop loop, GivenPart part) {
        VirtioDevice device;
        try {
            device = extra.maker().apply(new GivenLoop(loop, part));
        } catch (Throwable e) {
            throw part.refused("its maker", e);
        }
        if (device == null) {
            throw part.refused("its maker gave null");
        }
        return device;
    }

    @Override
    public VirtioDeviceType type() {
        return type;
    }

    @Override
    public long deviceFeatures() {
        return features;
    }

    @Override
    public OptionalLong ringFeaturesElsewhere() {
        return ringFeatures;
    }

    @Override
    public int[] queueSizeMax() {
        return queueSizeMax.clone();
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public Optional<Stateful> stateful() {
        return device.stateful().map(saved -> new GivenState(part, saved));
    }

    @Override
    public void activate(VirtioActivation activation) {
        if (part.hasFailed()) {
            return;
        }
        try {
            device.activate(activation);
        } catch (Throwable e) {
            part.failed("activate()", e);
        }
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        if (part.hasFailed()) {
            return;
        }
        try {
            device.onQueueNotify(queueIndex);
        } catch (Throwable e) {
            part.failed("onQueueNotify(" + queueIndex + ")", e);
        }
    }

    /** Also of one that has failed: it is to let go of the guest's memory. */
    @Override
    public void reset() {
        try {
            device.reset();
        } catch (Throwable e) {
            part.failed("reset()", e);
        }
    }

    /** As {@link #reset}; one that throws has let go, as far as anybody can wait for it. */
    @Override
    public void beginReset(Runnable quiesced) {
        try {
            device.beginReset(quiesced);
        } catch (Throwable e) {
            part.failed("beginReset()", e);
            quiesced.run();
        }
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        try {
            device.beginQueueStop(queueIndex, quiesced);
        } catch (Throwable e) {
            part.failed("beginQueueStop(" + queueIndex + ")", e);
            quiesced.run();
        }
    }

    /** On vCPU threads. */
    private final class GivenConfig implements ConfigSpace {

        private final ConfigSpace space;

        GivenConfig(ConfigSpace space) {
            this.space = space;
        }

        @Override
        public long read(long offset, int width) {
            try {
                return space.read(offset, width);
            } catch (Throwable e) {
                part.failed("configSpace().read(" + offset + ", " + width + ")", e);
                return 0;
            }
        }

        @Override
        public void write(long offset, int width, long value) {
            try {
                space.write(offset, width, value);
            } catch (Throwable e) {
                part.failed("configSpace().write(" + offset + ", " + width + ", 0x" + Long.toHexString(value) + ")", e);
            }
        }

        @Override
        public int generation() {
            try {
                return space.generation();
            } catch (Throwable e) {
                part.failed("configSpace().generation()", e);
                return 0;
            }
        }
    }
}
