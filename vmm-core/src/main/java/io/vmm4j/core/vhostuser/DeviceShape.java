package io.vmm4j.core.vhostuser;

import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.net.MacAddress;
import java.io.IOException;
import java.util.function.IntConsumer;

/** What kinds of devices differ in, towards the guest. {@link #configSpace} as everywhere; the rest is confined to the device's loop. */
interface DeviceShape {

    VirtioDeviceType type();

    /**
     * The features of the device that the guest is offered.
     *
     * @param backEnd what the back end offers
     * @throws IOException naming what the back end lacks
     */
    long offered(long backEnd) throws IOException;

    /** Largest size of each queue. */
    int[] queueSizes();

    /** What {@link BackEnd#queueLimit} is held against: queues, or pairs. */
    int queueCount();

    /** Bytes of the configuration space that are the back end's; 0 when it is ours. */
    default int configLength() {
        return 0;
    }

    /**
     * Takes the back end's configuration space over.
     *
     * @return whether the guest finds it changed
     */
    default boolean takeConfig(byte[] bytes) {
        return false;
    }

    ConfigSpace configSpace();

    /**
     * Whether there is a back end that serves the guest.
     *
     * @return whether the guest finds the configuration space changed by that
     */
    boolean setServed(boolean isServed);

    /** Of a network device: the cable is plugged in or not. Returns whether the guest finds that changed. */
    default boolean setPlugged(boolean isPlugged) {
        return false;
    }

    /** Of a network device: whether the link is up. Any thread. */
    default boolean isLinkUp() {
        return false;
    }

    /** Of a network device: the configured hardware address; zeroes when there is none. Any thread. */
    default MacAddress mac() {
        return new MacAddress(0);
    }

    /** What else a back end is told before it serves: what the driver has set, too. */
    void prepare(BackEnd backEnd) throws VhostUserException;

    /** The driver has gone, and with it what it has set. */
    void reset();

    /** @param onWrite hears on a vCPU thread of bytes that the driver has written to the configuration space, for the back end */
    void onDriverWrite(IntConsumer onWrite);
}
