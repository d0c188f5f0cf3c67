package io.vmm4j.core.event;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmState;
import java.time.Instant;

/** Something that has happened to a machine. More kinds may come; a listener passes over those it does not know. */
public interface VmEvent {

    /** When it happened, by the host's clock. */
    Instant time();

    /**
     * The machine has come into another state of its life.
     *
     * @param time  when
     * @param state the one it is in since
     */
    record StateChanged(Instant time, VmState state) implements VmEvent {
    }

    /**
     * The guest's kernel has said that it panicked.
     *
     * @param time when
     * @param text what it printed with it, or empty when that is not known
     */
    record GuestPanicked(Instant time, String text) implements VmEvent {
    }

    /**
     * The guest has another number of vCPUs.
     *
     * @param time  when
     * @param count vCPUs that it has since
     */
    record VcpusChanged(Instant time, int count) implements VmEvent {
    }

    /**
     * A device has come to the guest since its start, or one that had has gone.
     *
     * @param time   when
     * @param device such as {@code drive data} or {@code network interface eth1}
     * @param added  whether it came
     */
    record DeviceChanged(Instant time, String device, boolean added) implements VmEvent {
    }

    /**
     * The host has failed a drive, and the guest was given an I/O error. Told of the first failure and then sparsely, as the
     * log is.
     *
     * @param time   when
     * @param drive  the drive's id
     * @param number which failure of this drive it is, from 1
     * @param error  what the host said
     */
    record DriveFailed(Instant time, String drive, long number, String error) implements VmEvent {
    }

    /**
     * What a network interface stands on has gone for good, and the guest's link is down since.
     *
     * @param time             when
     * @param networkInterface the interface's id
     * @param reason           what is gone, and why if it is known
     */
    record NetworkLost(Instant time, String networkInterface, String reason) implements VmEvent {
    }

    /**
     * A client of a console's socket has come, or has left. One that ends only what it sends, and reads on, has left.
     *
     * @param time      when
     * @param console   {@code serial} or {@code console}
     * @param connected whether it came
     */
    record ConsoleClient(Instant time, String console, boolean connected) implements VmEvent {
    }

    /**
     * The machine has ended, and all that it held has been given back. The last event.
     *
     * @param time when
     * @param exit why
     */
    record Ended(Instant time, VmExit exit) implements VmEvent {
    }

    /**
     * The listener was too slow and has missed events.
     *
     * @param time  when the first was missed
     * @param count how many
     */
    record Missed(Instant time, long count) implements VmEvent {
    }
}
