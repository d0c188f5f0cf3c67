package io.vmm4j.devices.virtio.balloon;

import java.util.OptionalLong;

/**
 * How far free page hinting is.
 *
 * @param hostCommand  the command in force: 0 = stop, 1 = done, from 2 up a round of hints
 * @param guestCommand what the guest last said it works on, 0 = its round is over; empty before it said anything to
 *                     this command
 */
public record HintingStatus(long hostCommand, OptionalLong guestCommand) {
}
