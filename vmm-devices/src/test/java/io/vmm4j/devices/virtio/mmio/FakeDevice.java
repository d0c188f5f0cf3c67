package io.vmm4j.devices.virtio.mmio;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import java.util.ArrayList;
import java.util.List;

/** A device that writes down what is done to it: two queues, of 8 and 16, and one place without a queue between them. */
final class FakeDevice implements VirtioDevice {

    /** What it offers. */
    static final long OWN_FEATURE = 1L << 3 | 1L << 50;

    /** Largest sizes of its queues. */
    int[] sizes = {8, 0, 16};
    final ByteConfigSpace config = new ByteConfigSpace(12);
    final List<String> calls = new ArrayList<>();
    /** The activation in force, or null. */
    VirtioActivation activation;
    /** Whether the first notification finds a fault. */
    boolean isBroken;
    /** Whether it says only when asked to, by {@link #quiesce}, that it has let go. */
    boolean isSlow;
    private final List<Runnable> quiescences = new ArrayList<>();

    FakeDevice() {
        config.put(0, 8, 0x1122334455667788L);
        config.guestWritable(8, 2);
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.ENTROPY;
    }

    @Override
    public long deviceFeatures() {
        return OWN_FEATURE;
    }

    @Override
    public int[] queueSizeMax() {
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return config;
    }

    @Override
    public void activate(VirtioActivation newActivation) {
        activation = newActivation;
        calls.add("activate");
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        calls.add("notify " + queueIndex);
        if (isBroken) {
            activation.interrupt().needsReset();
        }
    }

    @Override
    public void reset() {
        activation = null;
        calls.add("reset");
    }

    @Override
    public void beginReset(Runnable quiesced) {
        reset();
        letGo(quiesced);
    }

    @Override
    public void beginQueueStop(int queueIndex, Runnable quiesced) {
        calls.add((activation.queues().get(queueIndex).isStopped() ? "stop " : "stop while it runs ") + queueIndex);
        letGo(quiesced);
    }

    private void letGo(Runnable quiesced) {
        if (isSlow) {
            quiescences.add(quiesced);
        } else {
            quiesced.run();
        }
    }

    /** Says that it has let go of what it was to let go of. */
    void quiesce() {
        List<Runnable> all = List.copyOf(quiescences);
        quiescences.clear();
        all.forEach(Runnable::run);
    }
}
