package io.vmm4j.core.vhostuser;

/** Numbers of the protocol, under the specification's names. */
final class VhostUserConstants {

    /* Message header: u32 request, u32 flags, u32 size of the payload. */
    static final int HEADER_SIZE = 12;
    static final int HEADER_FLAGS = 4;
    static final int HEADER_PAYLOAD_SIZE = 8;
    /** The version, in the two lowest bits of flags. */
    static final int VERSION = 1;
    static final int VERSION_MASK = 3;
    /** The message is a reply. */
    static final int FLAG_REPLY = 4;
    /** The sender waits for a reply to a message that has none by itself (REPLY_ACK). */
    static final int FLAG_NEED_REPLY = 8;

    /** Feature: GET_PROTOCOL_FEATURES is there. Not a driver's. */
    static final int VHOST_USER_F_PROTOCOL_FEATURES = 30;

    static final int PROTOCOL_F_MQ = 0;
    static final int PROTOCOL_F_REPLY_ACK = 3;
    static final int PROTOCOL_F_NET_MTU = 4;
    static final int PROTOCOL_F_BACKEND_REQ = 5;
    static final int PROTOCOL_F_CONFIG = 9;
    static final int PROTOCOL_F_INFLIGHT_SHMFD = 12;
    static final int PROTOCOL_F_RESET_DEVICE = 13;

    /** Bits 0 to 7 of SET_VRING_KICK, CALL and ERR: the queue. */
    static final int VRING_INDEX_MAX = 0xFF;
    /* struct vhost_vring_state { u32 index; u32 num; } */
    static final int VRING_STATE_SIZE = 8;
    /* struct vhost_vring_addr { u32 index, flags; u64 descriptor, used, available, log; } */
    static final int VRING_ADDR_SIZE = 40;
    /* { u32 regions, padding; { u64 guest address, size, user address, mmap offset } each } */
    static final int MEMORY_HEADER_SIZE = 8;
    static final int MEMORY_REGION_SIZE = 32;
    /* { u32 offset, size, flags; u8 payload[] } */
    static final int CONFIG_HEADER_SIZE = 12;
    /* { u64 mmap size, mmap offset; u16 queues, queue size } and padding that compilers add */
    static final int INFLIGHT_SIZE = 20;
    static final int INFLIGHT_SIZE_PADDED = 24;

    /** A request of the back end's: the configuration space has changed. */
    static final int BACKEND_CONFIG_CHANGE_MSG = 2;

    /** What the front end asks. */
    enum Request {
        GET_FEATURES(1), SET_FEATURES(2), SET_OWNER(3), SET_MEM_TABLE(5), SET_VRING_NUM(8), SET_VRING_ADDR(9), SET_VRING_BASE(10),
        GET_VRING_BASE(11), SET_VRING_KICK(12), SET_VRING_CALL(13), SET_VRING_ERR(14), GET_PROTOCOL_FEATURES(15), SET_PROTOCOL_FEATURES(16),
        GET_QUEUE_NUM(17), SET_VRING_ENABLE(18), NET_SET_MTU(20), SET_BACKEND_REQ_FD(21), GET_CONFIG(24), SET_CONFIG(25), GET_INFLIGHT_FD(31),
        SET_INFLIGHT_FD(32), RESET_DEVICE(34);

        private final int code;

        Request(int code) {
            this.code = code;
        }

        /** As messages have it. */
        int code() {
            return code;
        }
    }

    private VhostUserConstants() {
    }
}
