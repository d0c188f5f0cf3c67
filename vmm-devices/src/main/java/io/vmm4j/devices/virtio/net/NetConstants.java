package io.vmm4j.devices.virtio.net;

/** Numbers of the network device, virtio 1.2 section 5.1. */
final class NetConstants {

    /** Feature: the device takes frames with partial checksums. */
    static final int VIRTIO_NET_F_CSUM = 0;
    /** Feature: the driver takes frames with partial checksums. */
    static final int VIRTIO_NET_F_GUEST_CSUM = 1;
    /** Feature: the driver can switch its offloads while it runs. */
    static final int VIRTIO_NET_F_CTRL_GUEST_OFFLOADS = 2;
    /** Feature: mtu is valid. */
    static final int VIRTIO_NET_F_MTU = 3;
    /** Feature: mac is valid. */
    static final int VIRTIO_NET_F_MAC = 5;
    /** Feature: the driver takes TCP over IPv4 that is not segmented. */
    static final int VIRTIO_NET_F_GUEST_TSO4 = 7;
    /** Feature: the driver takes TCP over IPv6 that is not segmented. */
    static final int VIRTIO_NET_F_GUEST_TSO6 = 8;
    /** Feature: the driver takes TCP with ECN that is not segmented. */
    static final int VIRTIO_NET_F_GUEST_ECN = 9;
    /** Feature: the driver takes UDP that is not fragmented. */
    static final int VIRTIO_NET_F_GUEST_UFO = 10;
    /** Feature: the device takes TCP over IPv4 that is not segmented. */
    static final int VIRTIO_NET_F_HOST_TSO4 = 11;
    /** Feature: the device takes TCP over IPv6 that is not segmented. */
    static final int VIRTIO_NET_F_HOST_TSO6 = 12;
    /** Feature: the device takes TCP with ECN that is not segmented. */
    static final int VIRTIO_NET_F_HOST_ECN = 13;
    /** Feature: the device takes UDP that is not fragmented. */
    static final int VIRTIO_NET_F_HOST_UFO = 14;
    /** Feature: a received frame may be spread over several buffers. */
    static final int VIRTIO_NET_F_MRG_RXBUF = 15;
    /** Feature: status is valid. */
    static final int VIRTIO_NET_F_STATUS = 16;
    /** Feature: a control virtqueue. */
    static final int VIRTIO_NET_F_CTRL_VQ = 17;
    /** Feature: receive modes and address filters over the control virtqueue. */
    static final int VIRTIO_NET_F_CTRL_RX = 18;
    /** Feature: more receive modes. */
    static final int VIRTIO_NET_F_CTRL_RX_EXTRA = 20;
    /** Feature: the device can ask the driver to announce itself. */
    static final int VIRTIO_NET_F_GUEST_ANNOUNCE = 21;
    /** Feature: several queue pairs. */
    static final int VIRTIO_NET_F_MQ = 22;
    /** Feature: the address is set over the control virtqueue. */
    static final int VIRTIO_NET_F_CTRL_MAC_ADDR = 23;
    /** Feature: the driver takes UDP over IPv4 that is not segmented. */
    static final int VIRTIO_NET_F_GUEST_USO4 = 54;
    /** Feature: the driver takes UDP over IPv6 that is not segmented. */
    static final int VIRTIO_NET_F_GUEST_USO6 = 55;
    /** Feature: the device takes UDP that is not segmented. */
    static final int VIRTIO_NET_F_HOST_USO = 56;

    /** RO u8[6]: hardware address. */
    static final int CONFIG_MAC = 0;
    /** RO le16: {@link #VIRTIO_NET_S_LINK_UP} and {@link #VIRTIO_NET_S_ANNOUNCE}. */
    static final int CONFIG_STATUS = 6;
    /** RO le16: queue pairs there are. */
    static final int CONFIG_MAX_VIRTQUEUE_PAIRS = 8;
    /** RO le16: largest packet without the Ethernet header. */
    static final int CONFIG_MTU = 10;
    /** Bytes in the configuration space up to the fields that are not offered. */
    static final int CONFIG_LENGTH = 12;
    /** status: the link is up. */
    static final int VIRTIO_NET_S_LINK_UP = 1;
    /** status: the driver is asked to announce itself. */
    static final int VIRTIO_NET_S_ANNOUNCE = 2;

    /** Queues in a pair: receiveq before transmitq. */
    static final int QUEUES_PER_PAIR = 2;
    /** Virtqueue: controlq when there is one pair, or MQ was not accepted. */
    static final int QUEUE_CONTROL_OF_ONE_PAIR = 2;
    /** Largest size of controlq; Linux has one command under way. */
    static final int CONTROL_QUEUE_SIZE = 64;

    /** Header: csum_start and csum_offset say where a checksum is missing. */
    static final int VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
    /** Header: the checksum was verified. */
    static final int VIRTIO_NET_HDR_F_DATA_VALID = 2;
    /** gso_type: a frame as on the wire. */
    static final int VIRTIO_NET_HDR_GSO_NONE = 0;
    /** gso_type: TCP over IPv4. */
    static final int VIRTIO_NET_HDR_GSO_TCPV4 = 1;
    /** gso_type: UDP, to be fragmented. */
    static final int VIRTIO_NET_HDR_GSO_UDP = 3;
    /** gso_type: TCP over IPv6. */
    static final int VIRTIO_NET_HDR_GSO_TCPV6 = 4;
    /** gso_type: UDP, to be segmented. */
    static final int VIRTIO_NET_HDR_GSO_UDP_L4 = 5;
    /** gso_type: added when the TCP header has ECN set. */
    static final int VIRTIO_NET_HDR_GSO_ECN = 0x80;

    /** u8 in the header. */
    static final int HDR_FLAGS = 0;
    /** u8 in the header. */
    static final int HDR_GSO_TYPE = 1;
    /** le16 in the header: a hint at the length of the frame's headers. */
    static final int HDR_HDR_LEN = 2;
    /** le16 in the header: bytes in each segment behind the headers. */
    static final int HDR_GSO_SIZE = 4;
    /** le16 in the header: where in the frame the sum begins. */
    static final int HDR_CSUM_START = 6;
    /** le16 in the header: where behind csum_start the sum goes. */
    static final int HDR_CSUM_OFFSET = 8;
    /** le16 in the header: buffers that hold the frame. */
    static final int HDR_NUM_BUFFERS = 10;
    /** Bytes in the header before each frame. */
    static final int HDR_LENGTH = 12;

    /** Bytes in an Ethernet header. */
    static final int ETH_LENGTH = 14;
    /** Bytes that a VLAN tag adds to it. */
    static final int VLAN_LENGTH = 4;
    /** Offset of the Ethernet type in a frame. */
    static final int ETH_TYPE = 12;
    /** Largest frame with its header: 65550 and 12 bytes, section 5.1.6.3. */
    static final int MAX_FRAME = 65562;
    /** Smallest mtu. */
    static final int MIN_MTU = 68;
    /** Largest mtu. */
    static final int MAX_MTU = 65535;

    /** Frames in one turn of the event loop, for each queue. */
    static final int BATCH = 64;
    /** Control commands in one turn: the host may take milliseconds over one, such as to let go of a queue of a tap. */
    static final int CONTROL_BATCH = 1;

    /** Control class: receive modes. */
    static final int VIRTIO_NET_CTRL_RX = 0;
    /** Last command of {@link #VIRTIO_NET_CTRL_RX} that CTRL_RX brings: PROMISC and ALLMULTI. */
    static final int VIRTIO_NET_CTRL_RX_ALLMULTI = 1;
    /** Last command that CTRL_RX_EXTRA brings: ALLUNI, NOMULTI, NOUNI and NOBCAST. */
    static final int VIRTIO_NET_CTRL_RX_NOBCAST = 5;
    /** Control class: address filters. */
    static final int VIRTIO_NET_CTRL_MAC = 1;
    /** Command of {@link #VIRTIO_NET_CTRL_MAC}: two tables of addresses. */
    static final int VIRTIO_NET_CTRL_MAC_TABLE_SET = 0;
    /** Command of {@link #VIRTIO_NET_CTRL_MAC}: the device's own address. */
    static final int VIRTIO_NET_CTRL_MAC_ADDR_SET = 1;
    /** Control class: announcements. */
    static final int VIRTIO_NET_CTRL_ANNOUNCE = 3;
    /** Command of {@link #VIRTIO_NET_CTRL_ANNOUNCE}: the driver has seen the request. */
    static final int VIRTIO_NET_CTRL_ANNOUNCE_ACK = 0;
    /** Control class: queue pairs. */
    static final int VIRTIO_NET_CTRL_MQ = 4;
    /** Command of {@link #VIRTIO_NET_CTRL_MQ}: le16 pairs in use. */
    static final int VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET = 0;
    /** Control class: offloads. */
    static final int VIRTIO_NET_CTRL_GUEST_OFFLOADS = 5;
    /** Command of {@link #VIRTIO_NET_CTRL_GUEST_OFFLOADS}: le64 mask of feature bits. */
    static final int VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET = 0;
    /** ack: done. */
    static final int VIRTIO_NET_OK = 0;
    /** ack: refused. */
    static final int VIRTIO_NET_ERR = 1;

    private NetConstants() {
    }
}
