package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.DriverFault;
import io.vmm4j.devices.virtio.VirtioActivation;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/** One port: its two queues, and what the driver is still to be told of it. Confined to the event loop. */
final class ConsolePort implements ConsoleBackend.Listener {

    /** What a driver is told. */
    private static final Set<ControlEvent> SENT = EnumSet.of(ControlEvent.DEVICE_ADD, ControlEvent.CONSOLE_PORT, ControlEvent.RESIZE,
            ControlEvent.PORT_OPEN, ControlEvent.PORT_NAME);
    private static final int MESSAGES = SENT.stream().mapToInt(event -> 1 << event.code()).sum();

    private final ConsolePortConfig config;
    private final ConsoleBackend backend;
    private final PortInput input;
    private final PortOutput output;
    private final Runnable onMessage;
    /** Sent in the order of the enum. A set, so however often the driver asks, no more wait. */
    private final Set<ControlEvent> messages = EnumSet.noneOf(ControlEvent.class);
    private boolean isReady;
    private boolean isConnected;
    private boolean isGuestOpen;

    /** @param onMessage called when there is something to tell the driver */
    ConsolePort(EventLoop loop, DriverFault fault, ConsolePortConfig config, ConsoleBackend backend, Runnable onMessage) {
        this.config = config;
        this.backend = backend;
        this.input = new PortInput(loop, fault, backend);
        this.output = new PortOutput(loop, fault, backend, config.isConsole());
        this.onMessage = onMessage;
    }

    PortInput input() {
        return input;
    }

    PortOutput output() {
        return output;
    }

    void start(VirtioActivation activation, int receiveQueue) {
        input.start(activation, receiveQueue);
        output.start(activation, receiveQueue + 1);
    }

    void stop() {
        input.stop();
        output.stop();
        setGuestOpen(false);
        messages.clear();
        isReady = false;
    }

    /** Of a port of an active device. Input that waits on the host's side is part of it where that says so. */
    State saveState() {
        int waiting = 0;
        for (ControlEvent event : messages) {
            waiting |= 1 << event.code();
        }
        State.Builder state = State.builder().put("messages", waiting).put("isReady", isReady).put("isConnected", isConnected)
                .put("isGuestOpen", isGuestOpen).put("output", output.saveState());
        if (backend instanceof Stateful saved) {
            state.put("backend", saved.saveState());
        }
        return state.build();
    }

    /** The driver hears of it when somebody listens on this host's side, and nobody did on the other's, or the other way round. */
    void restoreState(State state) throws StateException {
        int waiting = state.int32("messages", 0, MESSAGES);
        if ((waiting & ~MESSAGES) != 0) {
            throw new StateException("messages is 0x" + Integer.toHexString(waiting) + ", not only those of a device");
        }
        output.restoreState(state.part("output"));
        messages.clear();
        for (ControlEvent event : SENT) {
            if ((waiting >>> event.code() & 1) != 0) {
                messages.add(event);
            }
        }
        isReady = state.flag("isReady");
        if (isReady && state.flag("isConnected") != isConnected) {
            messages.add(ControlEvent.PORT_OPEN);
        }
        setGuestOpen(state.flag("isGuestOpen"));
        if (backend instanceof Stateful saved && state.has("backend")) {
            saved.restoreState(state.part("backend"));
        }
    }

    /** The guest's side is open or closed. */
    void setGuestOpen(boolean open) {
        input.setOpen(open);
        if (open != isGuestOpen) {
            isGuestOpen = open;
            backend.guestOpened(open);
        }
    }

    /** The driver is to be told that the port exists. */
    void announce() {
        messages.add(ControlEvent.DEVICE_ADD);
    }

    /** The driver has set the port up, and is told what it is. */
    void ready() {
        isReady = true;
        if (config.isConsole()) {
            messages.add(ControlEvent.CONSOLE_PORT);
            messages.add(ControlEvent.RESIZE);
        }
        if (!config.name().isEmpty()) {
            messages.add(ControlEvent.PORT_NAME);
        }
        if (isConnected) {
            messages.add(ControlEvent.PORT_OPEN);
        }
    }

    /** The console has another size. */
    void resized() {
        if (isReady && config.isConsole()) {
            messages.add(ControlEvent.RESIZE);
        }
    }

    /** The next thing to tell, or {@code null}. */
    ControlEvent takeMessage() {
        for (ControlEvent event : messages) {
            messages.remove(event);
            return event;
        }
        return null;
    }

    boolean hasMessage() {
        return !messages.isEmpty();
    }

    /** The value that goes with a message. */
    int valueOf(ControlEvent event) {
        return switch (event) {
            case CONSOLE_PORT -> 1;
            case PORT_OPEN -> isConnected ? 1 : 0;
            default -> 0;
        };
    }

    ByteBuffer name() {
        byte[] name = config.name().getBytes(StandardCharsets.UTF_8);
        return LittleEndian.allocate(name.length).put(name).flip();
    }

    @Override
    public void readable() {
        input.readable();
    }

    @Override
    public void writable() {
        output.writable();
    }

    @Override
    public void connected(boolean connected) {
        boolean changed = isConnected != connected;
        isConnected = connected;
        if (changed && isReady) {
            messages.add(ControlEvent.PORT_OPEN);
            onMessage.run();
        }
    }
}
