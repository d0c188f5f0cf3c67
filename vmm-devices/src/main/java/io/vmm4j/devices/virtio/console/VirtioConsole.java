package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.ConfigSpace;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.LoopTask;
import io.vmm4j.devices.virtio.VirtioActivation;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.VirtioDeviceType;
import io.vmm4j.devices.virtio.VirtioFeatures;
import io.vmm4j.devices.virtio.VirtioInterrupt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The console device, virtio 1.2 section 5.3: port 0 is the guest's hvc0; with MULTIPORT there may be more, consoles or channels
 * for programs. Input waits on the host's side until the guest has room, output in the guest until the host has.
 *
 * <p>Deviations: ports are not added or removed while the device runs. The RESIZE message has columns before rows as the
 * specification says; Linux before 6.15 reads them the other way round, so a console of a stock kernel that shall follow
 * its window is better off without MULTIPORT, where the size is in the configuration space.
 *
 * <p>Confined to the event loop; methods that any thread may call say so.
 */
public final class VirtioConsole implements VirtioDevice, Stateful {

    private final ConsoleConfig config;
    private final ConsoleConfigSpace space;
    private final DriverFault fault = new DriverFault(VirtioDeviceType.CONSOLE);
    private final List<ConsolePort> ports = new ArrayList<>();
    private final ControlQueues control;
    private final LoopTask resize;
    private volatile VirtioInterrupt activeInterrupt;
    private volatile boolean hasSize;

    /**
     * @param loop     the thread that owns the device
     * @param config   what the device is like
     * @param backends the host's side of each port
     */
    public VirtioConsole(EventLoop loop, ConsoleConfig config, List<ConsoleBackend> backends) {
        if (backends.size() != config.ports().size()) {
            throw new IllegalArgumentException(backends.size() + " backends for " + config.ports().size() + " console ports");
        }
        this.config = config;
        this.space = new ConsoleConfigSpace(config, new EmergencyOutput(loop, backends.get(0)));
        this.control = new ControlQueues(loop, fault, space, ports);
        this.resize = new LoopTask(loop, this::sendResize);
        for (int i = 0; i < backends.size(); i++) {
            ConsolePort port = new ConsolePort(loop, fault, config.ports().get(i), backends.get(i), control::sendMessages);
            ports.add(port);
            backends.get(i).open(port);
        }
    }

    @Override
    public VirtioDeviceType type() {
        return VirtioDeviceType.CONSOLE;
    }

    @Override
    public long deviceFeatures() {
        return VirtioFeatures.mask(ConsoleConstants.VIRTIO_CONSOLE_F_SIZE)
            | VirtioFeatures.mask(ConsoleConstants.VIRTIO_CONSOLE_F_EMERG_WRITE)
            | (config.multiport() ? VirtioFeatures.mask(ConsoleConstants.VIRTIO_CONSOLE_F_MULTIPORT) : 0);
    }

    @Override
    public int[] queueSizeMax() {
        int[] sizes = new int[config.multiport() ? receiveQueue(ports.size()) : ConsoleConstants.QUEUES_PER_PORT];
        Arrays.fill(sizes, ConsoleConstants.QUEUE_SIZE);
        return sizes;
    }

    @Override
    public ConfigSpace configSpace() {
        return space;
    }

    /** Section 5.3.2: the queues of port 0 are before those of control, the others behind. */
    private static int receiveQueue(int port) {
        return port == 0 ? ConsoleConstants.QUEUE_RECEIVE_0
            : ConsoleConstants.QUEUE_RECEIVE_1 + ConsoleConstants.QUEUES_PER_PORT * (port - 1);
    }

    @Override
    public void activate(VirtioActivation activation) {
        fault.arm(activation.interrupt());
        boolean isMultiport = activation.hasFeature(ConsoleConstants.VIRTIO_CONSOLE_F_MULTIPORT);
        for (int i = 0; i < (isMultiport ? ports.size() : 1); i++) {
            ports.get(i).start(activation, receiveQueue(i));
        }
        if (isMultiport) {
            control.start(activation);
        } else {
            ports.get(0).setGuestOpen(true);
        }
        hasSize = activation.hasFeature(ConsoleConstants.VIRTIO_CONSOLE_F_SIZE);
        activeInterrupt = activation.interrupt();
        // Linux without MULTIPORT looks at the size when it is told of a change, and not when it starts.
        if (hasSize && !isMultiport && (space.cols() != 0 || space.rows() != 0)) {
            activation.interrupt().configChanged();
        }
    }

    @Override
    public void onQueueNotify(int queueIndex) {
        if (queueIndex == ConsoleConstants.QUEUE_RECEIVE_0) {
            ports.get(0).input().run();
        } else if (queueIndex == ConsoleConstants.QUEUE_TRANSMIT_0) {
            ports.get(0).output().run();
        } else if (queueIndex == ConsoleConstants.QUEUE_CONTROL_RECEIVE) {
            control.sendMessages();
        } else if (queueIndex == ConsoleConstants.QUEUE_CONTROL_TRANSMIT) {
            control.receiveMessages();
        } else {
            runPort(queueIndex);
        }
    }

    private void runPort(int queueIndex) {
        int behind = queueIndex - ConsoleConstants.QUEUE_RECEIVE_1;
        ConsolePort port = ports.get(1 + behind / ConsoleConstants.QUEUES_PER_PORT);
        if (behind % ConsoleConstants.QUEUES_PER_PORT == 0) {
            port.input().run();
        } else {
            port.output().run();
        }
    }

    @Override
    public void reset() {
        activeInterrupt = null;
        control.stop();
        ports.forEach(ConsolePort::stop);
        fault.disarm();
    }

    @Override
    public State saveState() {
        space.flushEmergency();
        if (resize.isScheduled() && control.isRunning()) {
            ports.get(0).resized(); // the task finds the same done, and a restored machine has none
        }
        State.Builder state = State.builder().put("cols", space.cols()).put("rows", space.rows());
        if (activeInterrupt != null && !fault.isBroken()) {
            state.put("control", control.saveState()).put("ports", ports.stream().map(ConsolePort::saveState).toList());
        }
        return state.build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        space.setSize(state.int32("cols", 0, ConsoleConfig.MAX_SIZE), state.int32("rows", 0, ConsoleConfig.MAX_SIZE));
        if (activeInterrupt == null || !state.has("ports")) {
            return;
        }
        control.restoreState(state.part("control"));
        List<State> each = state.parts("ports", ports.size(), ports.size());
        for (int i = 0; i < each.size(); i++) {
            try {
                ports.get(i).restoreState(each.get(i));
            } catch (StateException e) {
                throw e.in("port " + i);
            }
        }
    }

    /**
     * Tells the guest that the window of port 0 has another size. Any thread.
     *
     * @param cols characters in a row, 0 to 65535
     * @param rows rows, 0 to 65535
     */
    public void setSize(int cols, int rows) {
        ConsoleConfig.checkSize(cols, rows);
        VirtioInterrupt interrupt = activeInterrupt;
        if (!space.setSize(cols, rows) || interrupt == null) {
            return;
        }
        if (hasSize) {
            interrupt.configChanged();
        }
        resize.schedule();
    }

    /** Bytes of the guest's output on port {@code port} that were dropped because its reader was stuck. Any thread. */
    public long droppedOutput(int port) {
        return ports.get(port).output().dropped();
    }

    private void sendResize() {
        if (control.isRunning()) {
            ports.get(0).resized();
            control.sendMessages();
        }
    }
}
