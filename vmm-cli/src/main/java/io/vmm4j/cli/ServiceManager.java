package io.vmm4j.cli;

import io.vmm4j.devices.text.Printable;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.UnixDatagram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has started this process as a service and wants to know how it goes, by the protocol of sd_notify(3): systemd for a unit of
 * {@code Type=notify}. Nobody where {@code NOTIFY_SOCKET} is not set. One that cannot be told costs a line of the log.
 */
final class ServiceManager {

    /** The environment's variable with the address of the datagram socket: an absolute path, or {@code @} and an abstract name. */
    private static final String VARIABLE = "NOTIFY_SOCKET";
    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);

    private final String address;

    /**
     * @param address of the socket; {@code null} or empty for nobody
     */
    ServiceManager(String address) {
        this.address = address;
    }

    /** The one that the environment names. A machine in the background is no part of the service that somebody has started it from. */
    static ServiceManager ofThisProcess() {
        return new ServiceManager(Detachment.isInOther() ? null : System.getenv(VARIABLE));
    }

    /** Says that the guest runs. */
    void ready() {
        say("READY=1\nSTATUS=the guest runs");
    }

    /**
     * Says that the machine has ended, and the process will.
     *
     * @param why in a line
     */
    void stopping(String why) {
        say("STOPPING=1\nSTATUS=" + Printable.line(why));
    }

    private void say(String state) {
        if (address == null || address.isEmpty()) {
            return;
        }
        try {
            UnixDatagram.send(address, state);
        } catch (LinuxException | IllegalArgumentException e) {
            LOG.warn("the service manager was not told ({}): {}", VARIABLE, e.getMessage());
        }
    }
}
