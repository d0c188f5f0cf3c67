package io.vmm4j.core.vhostuser;

import io.vmm4j.kvm.libc.EventFd;
import java.io.IOException;

/**
 * How notifications go between a guest and a back end, without this process. Each back end gets eventfds of its own: one that has gone, or was sent
 * away, has nothing in its hands by what it could disturb the next or the guest. Of those that were given away this process neither reads nor
 * writes: the other one could have that wait for ever.
 *
 * <p>Confined to the device's loop, but for the close of what implements it.
 */
public interface Wiring {

    /**
     * An eventfd that has the guest's notifications of a queue from now on, in place of the one before, which is closed. Its count is 1: what
     * the guest has told the one before is not lost.
     */
    EventFd newKick(int queue) throws IOException;

    /** An eventfd that raises the device's interrupt, in place of the one before, which does so no more and is closed. */
    EventFd newCall() throws IOException;

    /** The guest's notification of a queue has come by the register, as where no eventfd takes it. */
    void notified(int queue);

    /** Has what was given away last raise no interrupt any more. */
    void cutCall() throws IOException;
}
