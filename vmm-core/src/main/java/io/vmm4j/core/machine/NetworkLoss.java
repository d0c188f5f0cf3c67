package io.vmm4j.core.machine;

import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.virtio.net.VirtioNet;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done when the port of a network device is lost: its link goes down, and the machine goes on. On the device's event loop. */
final class NetworkLoss implements Consumer<String> {

    private static final Logger LOG = LoggerFactory.getLogger(NetworkLoss.class);

    private final String id;
    private final VcpuEvents events;
    private VirtioNet device;

    NetworkLoss(String id, VcpuEvents events) {
        this.id = id;
        this.events = events;
    }

    /** Before the loop runs. */
    void connect(VirtioNet lost) {
        device = lost;
    }

    @Override
    public void accept(String reason) {
        LOG.warn("network interface {} has its link down from now on: {}", id, reason);
        device.portLost();
        events.happened(time -> new VmEvent.NetworkLost(time, id, reason));
    }
}
