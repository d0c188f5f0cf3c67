package io.vmm4j.kvm.libc;

/**
 * The structures of linux/io_uring.h.
 *
 * <pre>
 * struct io_uring_params {                      struct io_sqring_offsets {     struct io_cqring_offsets {
 *   __u32 sq_entries;                   0         __u32 head;         0          __u32 head;         0
 *   __u32 cq_entries;                   4         __u32 tail;         4          __u32 tail;         4
 *   __u32 flags;                        8         __u32 ring_mask;    8          __u32 ring_mask;    8
 *   __u32 sq_thread_cpu;               12         __u32 ring_entries; 12         __u32 ring_entries; 12
 *   __u32 sq_thread_idle;              16         __u32 flags;        16         __u32 overflow;     16
 *   __u32 features;                    20         __u32 dropped;      20         __u32 cqes;         20
 *   __u32 wq_fd;                       24         __u32 array;        24         __u32 flags;        24
 *   __u32 resv[3];                     28         ...           40 in all        ...           40 in all
 *   struct io_sqring_offsets sq_off;   40
 *   struct io_cqring_offsets cq_off;   80    120 in all
 * };
 * struct io_uring_sqe { __u8 opcode; 0  __u8 flags; 1  __u16 ioprio; 2  __s32 fd; 4  __u64 off; 8  __u64 addr; 16
 *   __u32 len; 24  __u32 rw_flags, fsync_flags; 28  __u64 user_data; 32  ... };                              64 in all
 * struct io_uring_cqe { __u64 user_data; 0  __s32 res; 8  __u32 flags; 12 };                               16 in all
 * </pre>
 */
final class UringLayout {

    static final int PARAMS_SIZE = 120;
    static final int SQ_ENTRIES = 0;
    static final int CQ_ENTRIES = 4;
    static final int FEATURES = 20;
    static final int SQ_OFF_HEAD = 40;
    static final int SQ_OFF_TAIL = 44;
    static final int SQ_OFF_RING_MASK = 48;
    static final int SQ_OFF_ARRAY = 64;
    static final int CQ_OFF_HEAD = 80;
    static final int CQ_OFF_TAIL = 84;
    static final int CQ_OFF_RING_MASK = 88;
    static final int CQ_OFF_CQES = 100;

    static final int SQE_SIZE = 64;
    static final int SQE_OPCODE = 0;
    static final int SQE_FD = 4;
    static final int SQE_OFF = 8;
    static final int SQE_ADDR = 16;
    static final int SQE_LEN = 24;
    static final int SQE_OP_FLAGS = 28;
    static final int SQE_USER_DATA = 32;

    static final int CQE_SIZE = 16;
    static final int CQE_USER_DATA = 0;
    static final int CQE_RES = 8;

    /** Offset of the mapping of both rings, where the kernel has them in one. */
    static final long IORING_OFF_SQ_RING = 0;
    /** Offset of the mapping of the submission entries. */
    static final long IORING_OFF_SQES = 0x10000000L;

    /** Feature: both rings are in one mapping (Linux 5.4). */
    static final int IORING_FEAT_SINGLE_MMAP = 1;
    /** Feature: an iovec array is read at submission, not later (Linux 5.5). */
    static final int IORING_FEAT_SUBMIT_STABLE = 4;

    static final int IORING_ENTER_GETEVENTS = 1;
    static final int IORING_REGISTER_EVENTFD = 4;

    static final int IORING_OP_READV = 1;
    static final int IORING_OP_WRITEV = 2;
    static final int IORING_OP_FSYNC = 3;
    static final int IORING_FSYNC_DATASYNC = 1;

    private UringLayout() {
    }
}
