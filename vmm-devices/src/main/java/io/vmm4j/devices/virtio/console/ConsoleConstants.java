package io.vmm4j.devices.virtio.console;

/** Numbers of the console device, virtio 1.2 section 5.3. */
final class ConsoleConstants {

    /** Feature: cols and rows are valid. */
    static final int VIRTIO_CONSOLE_F_SIZE = 0;
    /** Feature: several ports and the control queues. */
    static final int VIRTIO_CONSOLE_F_MULTIPORT = 1;
    /** Feature: emerg_wr is valid. */
    static final int VIRTIO_CONSOLE_F_EMERG_WRITE = 2;

    /** RO le16: width of port 0 in characters. */
    static final int CONFIG_COLS = 0;
    /** RO le16: height of port 0 in characters. */
    static final int CONFIG_ROWS = 2;
    /** RO le32: ports there are. */
    static final int CONFIG_MAX_NR_PORTS = 4;
    /** WO le32: prints its low byte, without queues. */
    static final int CONFIG_EMERG_WR = 8;
    /** Bytes in the configuration space. */
    static final int CONFIG_LENGTH = 12;

    /** Virtqueue: receiveq of port 0. */
    static final int QUEUE_RECEIVE_0 = 0;
    /** Virtqueue: transmitq of port 0. */
    static final int QUEUE_TRANSMIT_0 = 1;
    /** Virtqueue: control messages to the driver. */
    static final int QUEUE_CONTROL_RECEIVE = 2;
    /** Virtqueue: control messages from the driver. */
    static final int QUEUE_CONTROL_TRANSMIT = 3;
    /** Virtqueue: receiveq of port 1; from here on two a port. */
    static final int QUEUE_RECEIVE_1 = 4;
    /** Queues of a port. */
    static final int QUEUES_PER_PORT = 2;
    /** Largest size of each queue. */
    static final int QUEUE_SIZE = 64;

    /** le32 in a control message: port. */
    static final int CONTROL_ID = 0;
    /** le16 in a control message: see {@link ControlEvent}. */
    static final int CONTROL_EVENT = 4;
    /** le16 in a control message. */
    static final int CONTROL_VALUE = 6;
    /** Bytes in a control message without what follows it. */
    static final int CONTROL_LENGTH = 8;
    /** Bytes that RESIZE adds: le16 cols, le16 rows. */
    static final int RESIZE_LENGTH = 4;

    /** Most ports. */
    static final int MAX_PORTS = 31;
    /** Longest name of a port in bytes. */
    static final int MAX_NAME = 64;
    /** Chains in one turn of the event loop, for each queue. */
    static final int BATCH = 64;
    /** Bytes of output in one turn, for each port. */
    static final int MAX_TURN = 64 * 1024;
    /** How long a console's output may stand still before it is dropped, milliseconds: drivers wait for it with a CPU spinning. */
    static final int STUCK_MILLIS = 1000;

    private ConsoleConstants() {
    }
}
