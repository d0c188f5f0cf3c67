package io.vmm4j.devices.ioapic;

/**
 * Where the edges at an I/O APIC's inputs lead. Called on vCPU threads, one at a time, when what a guest has programmed
 * changes; must return soon and not throw.
 */
public interface MessageRoutes {

    /**
     * From now on an edge at {@code input} sends a message.
     *
     * @param input   number of the input
     * @param address of the message, Intel SDM volume 3, section 11.11.1, with bits 31 to 8 of the destination in 63 to 40
     * @param data    of the message, section 11.11.2
     */
    void route(int input, long address, int data);

    /** From now on an edge at {@code input} is lost. */
    void cut(int input);

    /** Runs {@code changes}, which calls the methods above, as one change where that is less work. */
    default void together(Runnable changes) {
        changes.run();
    }
}
