package io.vmm4j.devices.virtio.console;

/** Events of control messages, virtio 1.2 section 5.3.6.2. */
enum ControlEvent {
    /** Driver: it takes control messages. */
    DEVICE_READY(0),
    /** Device: there is a port. */
    DEVICE_ADD(1),
    /** Device: a port is gone; not sent. */
    DEVICE_REMOVE(2),
    /** Driver: it has set a port up. */
    PORT_READY(3),
    /** Device: a port is a console. */
    CONSOLE_PORT(4),
    /** Device: a console has another size. */
    RESIZE(5),
    /** Both: a port is open, or closed, on one's side. */
    PORT_OPEN(6),
    /** Device: a port has a name. */
    PORT_NAME(7),
    /** Any other code. */
    UNKNOWN(-1);

    private static final ControlEvent[] VALUES = values();

    private final int code;

    ControlEvent(int code) {
        this.code = code;
    }

    /** The code on the wire. */
    int code() {
        return code;
    }

    /** The event with {@code code}, 0 to 65535. */
    static ControlEvent of(int code) {
        for (ControlEvent event : VALUES) {
            if (event.code == code) {
                return event;
            }
        }
        return UNKNOWN;
    }
}
