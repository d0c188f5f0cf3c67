package io.vmm4j.core.host;

/** The guest's first serial port, as the console on the host's end sees it. Thread-safe. */
public interface SerialPort {

    /**
     * Sends bytes to the guest, waiting while its queue is full: nothing is lost. Returns early, without the rest, once
     * the machine has ended.
     */
    void send(byte[] data, int offset, int length) throws InterruptedException;

    /** Tells the port that the console's {@link SerialConsole#output() output} has room again after it had none. */
    void outputReady();

    /**
     * Asks for the end of the machine, as the console's escape does.
     *
     * @param why one line for the log and for {@code VmExit}
     */
    void requestStop(String why);
}
