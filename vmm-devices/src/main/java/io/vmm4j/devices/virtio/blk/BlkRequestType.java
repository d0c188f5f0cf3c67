package io.vmm4j.devices.virtio.blk;

/** Request types, virtio 1.2 section 5.2.6. */
enum BlkRequestType {
    /** Read. */
    IN(0),
    /** Write. */
    OUT(1),
    /** Make writes stable. */
    FLUSH(4),
    /** Tell the device ID string. */
    GET_ID(8),
    /** Give sectors back. */
    DISCARD(11),
    /** Make sectors read as zeroes. */
    WRITE_ZEROES(13),
    /** Any other code. */
    UNKNOWN(-1);

    private static final BlkRequestType[] VALUES = values();

    private final long code;

    BlkRequestType(long code) {
        this.code = code;
    }

    /** The code on the wire. */
    long code() {
        return code;
    }

    /** The type with {@code code}, an unsigned 32-bit number. */
    static BlkRequestType of(long code) {
        for (BlkRequestType type : VALUES) {
            if (type.code == code) {
                return type;
            }
        }
        return UNKNOWN;
    }

    /** Whether data goes from the device to the driver. */
    boolean isToDriver() {
        return this == IN || this == GET_ID;
    }
}
