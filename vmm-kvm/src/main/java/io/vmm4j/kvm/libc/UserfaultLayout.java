package io.vmm4j.kvm.libc;

/** The binary interface of linux/userfaultfd.h. */
final class UserfaultLayout {
    static final int USERFAULTFD_IOC_NEW = 0xAA00;
    static final long UFFDIO_API = 0xC018AA3FL;
    static final long UFFDIO_REGISTER = 0xC020AA00L;
    static final long UFFDIO_UNREGISTER = 0x8010AA01L;
    static final long UFFDIO_WAKE = 0x8010AA02L;
    static final long UFFDIO_COPY = 0xC028AA03L;
    static final long UFFDIO_ZEROPAGE = 0xC020AA04L;

    static final int UFFD_API = 0xAA;
    static final int UFFDIO_REGISTER_MODE_MISSING = 1;

    /* struct uffdio_api { __u64 api, features, ioctls; } */
    static final int API_SIZE = 24;
    static final int API_API = 0;
    static final int API_FEATURES = 8;

    /* struct uffdio_range { __u64 start, len; } */
    static final int RANGE_SIZE = 16;
    static final int RANGE_START = 0;
    static final int RANGE_LEN = 8;

    /* struct uffdio_register { struct uffdio_range range; __u64 mode, ioctls; } */
    static final int REGISTER_SIZE = 32;
    static final int REGISTER_MODE = 16;

    /* struct uffdio_copy { __u64 dst, src, len, mode; __s64 copy; } */
    static final int COPY_SIZE = 40;
    static final int COPY_DST = 0;
    static final int COPY_SRC = 8;
    static final int COPY_LEN = 16;
    static final int COPY_MODE = 24;
    static final int COPY_COPY = 32;

    /* struct uffdio_zeropage { struct uffdio_range range; __u64 mode; __s64 zeropage; } */
    static final int ZEROPAGE_SIZE = 32;
    static final int ZEROPAGE_MODE = 16;
    static final int ZEROPAGE_ZEROPAGE = 24;

    /*
     * struct uffd_msg {
     *     __u8 event; __u8 reserved1; __u16 reserved2; __u32 reserved3;
     *     union {
     *         struct { __u64 flags, address; __u32 ptid; } pagefault;
     *         struct { __u64 start, end; } remove;      // unmap too
     *     } arg;
     * };
     */
    static final int MSG_SIZE = 32;
    static final int MSG_EVENT = 0;
    static final int MSG_PAGEFAULT_FLAGS = 8;
    static final int MSG_PAGEFAULT_ADDRESS = 16;
    static final int MSG_REMOVE_START = 8;
    static final int MSG_REMOVE_END = 16;

    private UserfaultLayout() {
    }
}
