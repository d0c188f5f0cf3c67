package io.vmm4j.devices.virtio.vsock;

/** Operations of packets, virtio 1.2 section 5.10.6. */
enum VsockOp {
    /** Asks for a connection. */
    REQUEST(1),
    /** Accepts one. */
    RESPONSE(2),
    /** Refuses or ends one. */
    RST(3),
    /** Says that no more will be sent, or received, or both. */
    SHUTDOWN(4),
    /** Carries data. */
    RW(5),
    /** Tells the sender's buffer space. */
    CREDIT_UPDATE(6),
    /** Asks for it. */
    CREDIT_REQUEST(7),
    /** Any other code. */
    UNKNOWN(-1);

    private static final VsockOp[] VALUES = values();

    private final int code;

    VsockOp(int code) {
        this.code = code;
    }

    /** The code on the wire. */
    int code() {
        return code;
    }

    /** The operation with {@code code}, 0 to 65535. */
    static VsockOp of(int code) {
        for (VsockOp op : VALUES) {
            if (op.code == code) {
                return op;
            }
        }
        return UNKNOWN;
    }
}
