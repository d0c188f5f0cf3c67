package io.vmm4j.core.console;

/** The guest's serial port or virtio console, as the console on the host's end sees it. Thread-safe. */
public interface SerialPort {

    /**
     * Sends bytes to the guest, waiting while its queue is full: nothing is lost. Returns early, without the rest, once
     * the machine has ended.
     *
     * @throws IllegalStateException on a thread that serves the guest, which would wait for itself
     */
    void send(byte[] data, int offset, int length) throws InterruptedException;

    /** Tells the port that the console's {@link SerialConsole#output() output} has room again after it had none. */
    void outputReady();

    /** Whether the guest can be told the size of the host's terminal. Constant. */
    default boolean hasWindow() {
        return false;
    }

    /**
     * Tells the guest the size of the host's terminal, when it {@link #hasWindow()}.
     *
     * @param columns characters in a row, 0 to 65535; 0 = not known
     * @param rows    rows, 0 to 65535; 0 = not known
     */
    default void resize(int columns, int rows) {
        // A serial line carries no window size.
    }

    /**
     * Tells the machine's listeners that somebody has come to the console, or has left it. Waits for nothing.
     *
     * @param connected whether somebody came
     */
    default void clientChanged(boolean connected) {
        // A port without a machine has no listeners.
    }

    /**
     * Counts a thread of the console's among the machine's own, on which what waits for the machine, such as {@code Vm.close()},
     * is refused. For threads that the console's end waits for.
     */
    default void own(Thread thread) {
        // A port without a machine has nobody who waits.
    }

    /**
     * For a call of the console's that waits for the guest.
     *
     * @param call its name
     * @throws IllegalStateException on a thread that serves the guest
     */
    default void requireMayWait(String call) {
        // A port without a machine has no such threads.
    }

    /** What the port is called in messages, such as {@code serial console}. Constant. */
    default String name() {
        return "console";
    }

    /**
     * Says that code which the console calls has failed on a thread of the console's own: the machine ends by it, as by what a console throws
     * itself ({@link io.vmm4j.core.VmExitReason#DEVICE_FAULT}). The first time counts.
     *
     * @param call   what threw, such as {@code output.write()}
     * @param thrown what it threw
     */
    default void failed(String call, Throwable thrown) {
        requestStop(name() + ": " + call + " threw " + thrown);
    }

    /**
     * Asks for the end of the machine, as the console's escape does.
     *
     * @param why one line for the log and for {@code VmExit}
     */
    void requestStop(String why);
}
