package io.vmm4j.kvm.libc;

import static io.vmm4j.kvm.libc.UringLayout.CQE_RES;
import static io.vmm4j.kvm.libc.UringLayout.CQE_SIZE;
import static io.vmm4j.kvm.libc.UringLayout.CQE_USER_DATA;
import static io.vmm4j.kvm.libc.UringLayout.SQE_ADDR;
import static io.vmm4j.kvm.libc.UringLayout.SQE_FD;
import static io.vmm4j.kvm.libc.UringLayout.SQE_LEN;
import static io.vmm4j.kvm.libc.UringLayout.SQE_OFF;
import static io.vmm4j.kvm.libc.UringLayout.SQE_OPCODE;
import static io.vmm4j.kvm.libc.UringLayout.SQE_OP_FLAGS;
import static io.vmm4j.kvm.libc.UringLayout.SQE_SIZE;
import static io.vmm4j.kvm.libc.UringLayout.SQE_USER_DATA;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An io_uring(7): a ring of operations that the kernel is asked for, and a ring of those that have ended. Reads, writes
 * and data syncs on files; an eventfd wakes who waits for their end.
 *
 * <p>Confined to one thread at a time. No more operations may be in flight than there are entries, so neither ring ever
 * overflows. Buffers and vectors stay reachable and untouched until their operation has ended.
 */
public final class Uring implements AutoCloseable {

    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final Fd fd;
    private final int entries;
    private final Mapping rings;
    private final Mapping sqes;
    private final ByteBuffer ring;
    private final ByteBuffer sqe;
    private final int sqHead;
    private final int sqTail;
    private final int sqMask;
    private final int cqHead;
    private final int cqTail;
    private final int cqMask;
    private final int cqes;
    /** Where the next operation goes; the kernel learns it in {@link #submit}. */
    private int tail;
    private int inFlight;
    private long endedUserData;
    private int endedResult;

    private Uring(Fd fd, ByteBuffer params) throws LinuxException {
        this.fd = fd;
        this.entries = params.getInt(UringLayout.SQ_ENTRIES);
        int cqEntries = params.getInt(UringLayout.CQ_ENTRIES);
        int array = params.getInt(UringLayout.SQ_OFF_ARRAY);
        this.cqes = params.getInt(UringLayout.CQ_OFF_CQES);
        int length = Math.max(array + entries * Integer.BYTES, cqes + cqEntries * CQE_SIZE);
        int protection = Mapping.PROT_READ | Mapping.PROT_WRITE;
        int flags = Mapping.MAP_SHARED | Mapping.MAP_POPULATE;
        this.rings = Mapping.map(fd.value(), UringLayout.IORING_OFF_SQ_RING, length, protection, flags);
        try {
            this.sqes = Mapping.map(fd.value(), UringLayout.IORING_OFF_SQES, (long) entries * SQE_SIZE, protection, flags);
        } catch (LinuxException e) {
            rings.close();
            throw e;
        }
        this.ring = rings.buffer(0, length);
        this.sqe = sqes.buffer(0, sqes.length());
        this.sqHead = params.getInt(UringLayout.SQ_OFF_HEAD);
        this.sqTail = params.getInt(UringLayout.SQ_OFF_TAIL);
        this.sqMask = ring.getInt(params.getInt(UringLayout.SQ_OFF_RING_MASK));
        this.cqHead = params.getInt(UringLayout.CQ_OFF_HEAD);
        this.cqTail = params.getInt(UringLayout.CQ_OFF_TAIL);
        this.cqMask = ring.getInt(params.getInt(UringLayout.CQ_OFF_RING_MASK));
        for (int i = 0; i < entries; i++) {
            ring.putInt(array + i * Integer.BYTES, i);
        }
    }

    /**
     * A new ring.
     *
     * @param entries operations that may be in flight, 1 to 32768; the kernel rounds up to a power of two
     * @throws LinuxException ENOSYS or EPERM where the host has or allows none
     */
    public static Uring create(int entries) throws LinuxException {
        NativeStruct params = NativeStruct.allocate(UringLayout.PARAMS_SIZE);
        int number = LibC.ioUringSetup(entries, params);
        if (number < 0) {
            throw new LinuxException("io_uring_setup", LibC.errno());
        }
        Fd fd = Fd.of(number);
        try {
            int needed = UringLayout.IORING_FEAT_SINGLE_MMAP | UringLayout.IORING_FEAT_SUBMIT_STABLE;
            if ((params.bytes().getInt(UringLayout.FEATURES) & needed) != needed) {
                throw new LinuxException("io_uring_setup", Errno.ENOSYS, "Linux 5.5 or later is needed");
            }
            return new Uring(fd, params.bytes());
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** Operations that may be in flight. */
    public int entries() {
        return entries;
    }

    /** Operations asked for whose end {@link #takeEnded} has not told yet. */
    public int inFlight() {
        return inFlight;
    }

    /** Has the kernel signal {@code eventFd} whenever an operation has ended. */
    public void signal(EventFd eventFd) throws LinuxException {
        NativeStruct number = NativeStruct.allocate(Integer.BYTES);
        number.bytes().putInt(0, eventFd.fd());
        if (LibC.ioUringRegister(fd.value(), UringLayout.IORING_REGISTER_EVENTFD, number, 1) < 0) {
            throw new LinuxException("io_uring_register(EVENTFD)", LibC.errno());
        }
    }

    /** Asks for a preadv(2), which ends with the count read. */
    public void read(Fd file, IoVec vector, long offset, long userData) {
        put(UringLayout.IORING_OP_READV, file, vector.address(), vector.count(), offset, 0, userData);
    }

    /** Asks for a pwritev(2), which ends with the count written. */
    public void write(Fd file, IoVec vector, long offset, long userData) {
        put(UringLayout.IORING_OP_WRITEV, file, vector.address(), vector.count(), offset, 0, userData);
    }

    /** Asks for an fdatasync(2), which ends with 0. */
    public void dataSync(Fd file, long userData) {
        put(UringLayout.IORING_OP_FSYNC, file, 0, 0, 0, UringLayout.IORING_FSYNC_DATASYNC, userData);
    }

    private void put(int opcode, Fd file, long address, int length, long offset, int opFlags, long userData) {
        if (inFlight == entries) {
            throw new IllegalStateException(entries + " operations are in flight already");
        }
        int at = (tail & sqMask) * SQE_SIZE;
        for (int i = 0; i < SQE_SIZE; i += Long.BYTES) {
            sqe.putLong(at + i, 0);
        }
        sqe.put(at + SQE_OPCODE, (byte) opcode)
                .putInt(at + SQE_FD, file.value())
                .putLong(at + SQE_OFF, offset)
                .putLong(at + SQE_ADDR, address)
                .putInt(at + SQE_LEN, length)
                .putInt(at + SQE_OP_FLAGS, opFlags)
                .putLong(at + SQE_USER_DATA, userData);
        tail++;
        inFlight++;
    }

    /**
     * Has the kernel begin what was asked for. What it does not take for now, being short of something, stays for a call
     * after others have ended.
     *
     * @throws LinuxException when it will not go on by itself: see {@link #takeBack}
     */
    public void submit() throws LinuxException {
        enter(0);
    }

    /**
     * Has the kernel begin what was asked for, and waits until an operation has ended, if any is in flight.
     *
     * @throws LinuxException as {@link #submit}
     */
    public void submitAndWait() throws LinuxException {
        enter(Math.min(1, inFlight));
    }

    private void enter(int wanted) throws LinuxException {
        // Release: the entries come before the index. Pairs with the kernel's acquire of sq.tail in io_uring_enter.
        INT.setRelease(ring, sqTail, tail);
        boolean refused = false;
        while (true) {
            int waiting = waiting();
            if ((waiting == 0 || refused) && (wanted == 0 || hasEnded())) {
                return;
            }
            int flags = wanted > 0 ? UringLayout.IORING_ENTER_GETEVENTS : 0;
            if (LibC.ioUringEnter(fd.value(), refused ? 0 : waiting, wanted, flags) >= 0) {
                continue;
            }
            int errno = LibC.errno();
            boolean isShort = errno == Errno.EAGAIN || errno == Errno.EBUSY;
            if (errno != Errno.EINTR && (!isShort || waiting == inFlight)) {
                throw new LinuxException("io_uring_enter", errno);
            }
            refused |= isShort;
        }
    }

    /** Operations that the kernel has not taken yet. */
    private int waiting() {
        // Acquire: pairs with the kernel's release of sq.head when it has copied entries.
        return tail - (int) INT.getAcquire(ring, sqHead);
    }

    /**
     * Takes one operation back that the kernel has not begun, as when {@link #submit} failed; {@link #endedUserData} is
     * its own then. False when there is none.
     */
    public boolean takeBack() {
        if (waiting() == 0) {
            return false;
        }
        tail--;
        INT.setRelease(ring, sqTail, tail);
        endedUserData = sqe.getLong((tail & sqMask) * SQE_SIZE + SQE_USER_DATA);
        inFlight--;
        return true;
    }

    private boolean hasEnded() {
        // Acquire: the entries are read after it. Pairs with the kernel's release of cq.tail behind each entry.
        return (int) INT.getAcquire(ring, cqTail) != ring.getInt(cqHead);
    }

    /** Goes on to the next operation that has ended; false when there is none. */
    public boolean takeEnded() {
        if (!hasEnded()) {
            return false;
        }
        int head = ring.getInt(cqHead);
        int at = cqes + (head & cqMask) * CQE_SIZE;
        endedUserData = ring.getLong(at + CQE_USER_DATA);
        endedResult = ring.getInt(at + CQE_RES);
        // Release: the entry has been read before the kernel may use it again. Pairs with its acquire of cq.head.
        INT.setRelease(ring, cqHead, head + 1);
        inFlight--;
        return true;
    }

    /** The user data of the operation that {@link #takeEnded} or {@link #takeBack} told of. */
    public long endedUserData() {
        return endedUserData;
    }

    /** Its result: what the system call would have returned, or the negated errno. */
    public int endedResult() {
        return endedResult;
    }

    /** Gives the ring back; nothing is in flight. A second call does nothing. */
    @Override
    public void close() {
        sqes.close();
        rings.close();
        fd.close();
    }
}
