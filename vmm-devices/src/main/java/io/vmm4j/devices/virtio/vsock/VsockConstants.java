package io.vmm4j.devices.virtio.vsock;

/** Numbers of the socket device, virtio 1.2 section 5.10. */
final class VsockConstants {

    /** Feature: stream sockets. */
    static final int VIRTIO_VSOCK_F_STREAM = 0;

    /** RO le64: the guest's context ID. */
    static final int CONFIG_GUEST_CID = 0;
    /** Bytes in the configuration space. */
    static final int CONFIG_LENGTH = 8;

    /** Virtqueue: rx, packets for the guest. */
    static final int QUEUE_RX = 0;
    /** Virtqueue: tx, packets from the guest. */
    static final int QUEUE_TX = 1;
    /** Virtqueue: events. */
    static final int QUEUE_EVENT = 2;
    /** Number of virtqueues. */
    static final int QUEUE_COUNT = 3;
    /** Largest size of each queue. */
    static final int QUEUE_SIZE = 256;

    /** le64 in the header: context ID of the sender. */
    static final int HDR_SRC_CID = 0;
    /** le64 in the header: context ID of the receiver. */
    static final int HDR_DST_CID = 8;
    /** le32 in the header: port of the sender. */
    static final int HDR_SRC_PORT = 16;
    /** le32 in the header: port of the receiver. */
    static final int HDR_DST_PORT = 20;
    /** le32 in the header: bytes of payload. */
    static final int HDR_LEN = 24;
    /** le16 in the header: kind of socket. */
    static final int HDR_TYPE = 28;
    /** le16 in the header: see {@link VsockOp}. */
    static final int HDR_OP = 30;
    /** le32 in the header: meaning depends on the operation. */
    static final int HDR_FLAGS = 32;
    /** le32 in the header: receive buffer of the sender. */
    static final int HDR_BUF_ALLOC = 36;
    /** le32 in the header: payload bytes the sender has consumed, free-running. */
    static final int HDR_FWD_CNT = 40;
    /** Bytes in the header. */
    static final int HDR_LENGTH = 44;

    /** type: stream sockets. */
    static final int VIRTIO_VSOCK_TYPE_STREAM = 1;
    /** flags of SHUTDOWN: the sender receives no more. */
    static final int VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE = 1;
    /** flags of SHUTDOWN: the sender sends no more. */
    static final int VIRTIO_VSOCK_SHUTDOWN_F_SEND = 2;
    /** Both. */
    static final int SHUTDOWN_BOTH = VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE | VIRTIO_VSOCK_SHUTDOWN_F_SEND;
    /** Event: all connections are gone, the context ID is to be read again. */
    static final int VIRTIO_VSOCK_EVENT_TRANSPORT_RESET = 0;
    /** Bytes in an event. */
    static final int EVENT_LENGTH = 4;

    /** Context ID of the host. */
    static final long HOST_CID = 2;
    /** Smallest context ID of a guest. */
    static final long MIN_GUEST_CID = 3;
    /** Largest context ID of a guest; the next is reserved. */
    static final long MAX_GUEST_CID = 0xFFFF_FFFEL;

    /** Most connections at a time. */
    static final int MAX_CONNECTIONS = 1023;
    /** Most bytes of payload in a packet for the guest. */
    static final int MAX_PAYLOAD = 64 * 1024;
    /** Receive buffer announced while connections are few. */
    static final int LARGE_BUFFER = 256 * 1024;
    /** Receive buffer announced otherwise, so that all together stay within 70 MiB when no host program reads. */
    static final int SMALL_BUFFER = 64 * 1024;
    /** Connections that get {@link #LARGE_BUFFER}. */
    static final int LARGE_BUFFERS = 32;
    /** First port given to connections that the host makes. */
    static final long FIRST_HOST_PORT = 1L << 30;
    /** The port behind the last one given. */
    static final long END_HOST_PORT = 1L << 31;

    /** Resets on their way to the guest at which no more of its packets are looked at. */
    static final int RESET_BACKLOG = 256;
    /** Packets in one turn of the event loop, for each direction. */
    static final int BATCH = 64;
    /** How often timeouts are looked at, milliseconds. */
    static final int TICK_MILLIS = 500;
    /** Ticks that the guest has to answer a request or a shutdown: 2 seconds and what is left of the tick. */
    static final int TIMEOUT_TICKS = 5;

    private VsockConstants() {
    }
}
