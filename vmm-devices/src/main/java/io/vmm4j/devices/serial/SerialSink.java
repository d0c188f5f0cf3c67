package io.vmm4j.devices.serial;

/**
 * Where the guest's serial output goes.
 *
 * <p>Called on vCPU threads, under the serial device's lock: implementations never block and never throw.
 */
public interface SerialSink {

    /** Whether a byte can be taken now. While it cannot, the device keeps the transmitter busy, so the guest waits. */
    boolean hasRoom();

    /**
     * Takes one byte.
     *
     * @param octet 0 to 255
     */
    void write(int octet);
}
