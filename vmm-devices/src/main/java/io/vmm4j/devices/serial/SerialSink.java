package io.vmm4j.devices.serial;

/**
 * Where the guest's output goes. Both methods are called on vCPU threads under the device's lock and never block.
 *
 * <p>A sink without room holds the transmitter back: the guest sees a transmitter that is not empty. When room appears
 * its owner calls {@link Serial16550#outputReady()}, from any thread, but never holding a lock that these methods take:
 * they run under the device's lock, and {@code outputReady} takes that lock.
 */
public interface SerialSink {

    /** Whether {@link #write} can take one more octet now. */
    boolean hasRoom();

    /**
     * Takes one octet; called only right after {@link #hasRoom()} said true.
     *
     * @param octet 0 to 0xff
     */
    void write(int octet);
}
