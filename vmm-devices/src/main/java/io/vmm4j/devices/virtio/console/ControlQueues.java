package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import io.vmm4j.devices.virtio.queue.VirtQueue;
import io.vmm4j.devices.virtio.queue.VirtQueueException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The two control queues, virtio 1.2 section 5.3.6.2: the driver says what it is ready for and is told of its ports. Confined to the
 * event loop.
 */
final class ControlQueues {

    private final DriverFault fault;
    private final ConsoleConfigSpace space;
    private final List<ConsolePort> ports;
    private final QueuePump transmit;
    private final LoopTask sending;
    private final ByteBuffer received = LittleEndian.allocate(ConsoleConstants.CONTROL_LENGTH);
    private final ByteBuffer message = LittleEndian.allocate(ConsoleConstants.CONTROL_LENGTH + ConsoleConstants.MAX_NAME);
    private VirtQueue receive;
    private VirtioInterrupt interrupt;
    private boolean areAnnounced;

    ControlQueues(EventLoop loop, DriverFault fault, ConsoleConfigSpace space, List<ConsolePort> ports) {
        this.fault = fault;
        this.space = space;
        this.ports = ports;
        this.sending = new LoopTask(loop, this::sendMessages);
        this.transmit = new QueuePump(loop, fault, ConsoleConstants.BATCH, this::serve);
    }

    void start(VirtioActivation activation) {
        receive = activation.queues().get(ConsoleConstants.QUEUE_CONTROL_RECEIVE);
        interrupt = activation.interrupt();
        transmit.start(activation, ConsoleConstants.QUEUE_CONTROL_TRANSMIT);
    }

    void stop() {
        receive = null;
        interrupt = null;
        areAnnounced = false;
        transmit.stop();
    }

    boolean isRunning() {
        return receive != null;
    }

    State saveState() {
        return State.builder().put("areAnnounced", areAnnounced).build();
    }

    void restoreState(State state) throws StateException {
        areAnnounced = state.flag("areAnnounced");
    }

    /** Takes messages of the driver. */
    void receiveMessages() {
        transmit.run();
    }

    /** Tells the driver what there is to tell, as far as it has buffers. */
    void sendMessages() {
        if (receive == null || fault.isBroken()) {
            return;
        }
        try {
            receive.disableNotifications();
            for (int i = 0; i < ports.size(); i++) {
                if (!sendAll(i)) {
                    break;
                }
            }
            if (receive.needsInterrupt()) {
                interrupt.usedBuffer(ConsoleConstants.QUEUE_CONTROL_RECEIVE);
            }
        } catch (VirtQueueException e) {
            fault.report(e);
        }
    }

    /** Returns false when the driver has to make buffers available first. */
    private boolean sendAll(int id) throws VirtQueueException {
        ConsolePort port = ports.get(id);
        while (port.hasMessage()) {
            DescriptorChain chain = receive.poll();
            if (chain != null) {
                receive.pushUsed(chain, ChainCopy.write(chain, messageOf(id, port, port.takeMessage())));
            } else if (!receive.enableNotifications()) {
                return false;
            }
        }
        return true;
    }

    private ByteBuffer messageOf(int id, ConsolePort port, ControlEvent event) {
        message.clear();
        message.putInt(id).putShort((short) event.code()).putShort((short) port.valueOf(event));
        if (event == ControlEvent.RESIZE) {
            message.putShort((short) space.cols()).putShort((short) space.rows());
        } else if (event == ControlEvent.PORT_NAME) {
            message.put(port.name());
        }
        return message.flip();
    }

    /** A message of the driver's. What makes no sense is passed over. */
    private long serve(DescriptorChain chain) {
        received.clear();
        if (ChainCopy.read(chain, received) < ConsoleConstants.CONTROL_LENGTH) {
            return 0;
        }
        ControlEvent event = ControlEvent.of(Short.toUnsignedInt(received.getShort(ConsoleConstants.CONTROL_EVENT)));
        boolean isYes = received.getShort(ConsoleConstants.CONTROL_VALUE) != 0;
        if (event == ControlEvent.DEVICE_READY) {
            announce(isYes);
            return 0;
        }
        int id = received.getInt(ConsoleConstants.CONTROL_ID);
        if (id < 0 || id >= ports.size()) {
            return 0;
        }
        if (event == ControlEvent.PORT_READY && isYes) {
            ports.get(id).ready();
            sending.schedule();
        } else if (event == ControlEvent.PORT_OPEN) {
            ports.get(id).setGuestOpen(isYes);
        }
        return 0;
    }

    /** Ports are told of once: a port that exists must not be added again. */
    private void announce(boolean isDriverReady) {
        if (isDriverReady && !areAnnounced) {
            areAnnounced = true;
            ports.forEach(ConsolePort::announce);
            sending.schedule();
        }
    }
}
