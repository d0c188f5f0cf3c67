package io.vmm4j.core.block;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.virtio.blk.BlkIo;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.IoVec;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Uring;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One queue's operations on an io_uring of its own: many in flight, their ends told by an eventfd on the queue's loop. What
 * a ring does not do, or not as it is, goes the synchronous way: discards, zeroes, and what direct I/O has to realign.
 *
 * <p>Confined to the queue's loop, and to whoever closes it after that loop has ended.
 */
final class UringIo implements BlkIo {

    private static final int DEPTH = 128;
    /** More pieces than a guest's request usually has; what does not fit goes in a second operation. */
    private static final int PIECES = 256;

    private final DiskFile file;
    /** What is carried out here and now. */
    private final BlkIo synchronous;
    private final Listener listener;
    private final Uring ring;
    private final EventFd wake;
    private final EpollEventLoop.Registration registration;
    private final Slot[] slots = new Slot[DEPTH];
    private boolean closed;

    /**
     * @param loop the queue's; not running yet, or the caller's
     * @throws IOException when the host refuses
     */
    UringIo(DiskFile file, DiskBackend disk, EpollEventLoop loop, Listener listener) throws IOException {
        this.file = file;
        this.synchronous = disk.openQueue(0, listener);
        this.listener = listener;
        this.ring = Uring.create(DEPTH);
        EventFd created = null;
        try {
            created = EventFd.create();
            ring.signal(created);
            this.registration = loop.watch(created, this::ended);
        } catch (IOException e) {
            if (created != null) {
                created.close();
            }
            ring.close();
            throw e;
        }
        this.wake = created;
        for (int tag = 0; tag < DEPTH; tag++) {
            slots[tag] = new Slot(tag);
        }
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public void read(int tag, ByteBuffer[] views, int count, long offset) {
        slots[tag].begin(Operation.READ, views, count, offset);
        goOn(slots[tag]);
    }

    @Override
    public void write(int tag, ByteBuffer[] views, int count, long offset) {
        slots[tag].begin(Operation.WRITE, views, count, offset);
        goOn(slots[tag]);
    }

    @Override
    public void flush(int tag) {
        try {
            file.syncs().check();
        } catch (LinuxException e) {
            listener.done(tag, e);
            return;
        }
        slots[tag].begin(Operation.FLUSH, null, 0, 0);
        ring.dataSync(file.fd(), tag);
    }

    @Override
    public void discard(int tag, long offset, long length) {
        synchronous.discard(tag, offset, length);
    }

    @Override
    public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
        synchronous.writeZeroes(tag, offset, length, mayUnmap);
    }

    @Override
    public void submit() {
        try {
            ring.submit();
        } catch (LinuxException e) {
            carryOutWhatWaits();
        }
    }

    @Override
    public void drain() {
        while (ring.inFlight() > 0) {
            awaitSome();
            while (ring.takeEnded()) {
                ended(slots[(int) ring.endedUserData()], ring.endedResult());
            }
        }
    }

    /** Waits for what is in flight, which nobody wants to hear of any more: guest memory is left alone from then on. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        registration.close();
        while (ring.takeBack()) {
            continue;
        }
        while (ring.inFlight() > 0) {
            awaitSome();
            while (ring.takeEnded()) {
                endedUnheard(slots[(int) ring.endedUserData()], ring.endedResult());
            }
        }
        ring.close();
        wake.close();
    }

    /** Nobody hears of its end, but the kernel tells of a loss once: whoever syncs the image next is to know. */
    private void endedUnheard(Slot slot, int result) {
        if (result < 0 && slot.operation == Operation.FLUSH && !isPassing(-result)) {
            file.syncs().failed(new LinuxException(slot.operation.call, -result));
        }
    }

    private void awaitSome() {
        try {
            ring.submitAndWait();
        } catch (LinuxException e) {
            carryOutWhatWaits();
        }
    }

    /** The eventfd was signalled. */
    private void ended() {
        boolean any = false;
        while (ring.takeEnded()) {
            any = true;
            ended(slots[(int) ring.endedUserData()], ring.endedResult());
        }
        if (any) {
            listener.settled();
            submit();
        }
    }

    private void ended(Slot slot, int result) {
        if (result < 0) {
            // EAGAIN and EINTR: the kernel could not do it this way.
            if (isPassing(-result)) {
                carryOut(slot);
            } else {
                failed(slot, new LinuxException(slot.operation.call, -result));
            }
        } else if (slot.operation == Operation.FLUSH) {
            synced(slot);
        } else if (result == 0) {
            listener.done(slot.tag, new EOFException("the image ends before byte " + slot.offset));
        } else {
            Views.advance(slot.views, slot.first, result);
            slot.offset += result;
            goOn(slot);
        }
    }

    private void failed(Slot slot, LinuxException why) {
        listener.done(slot.tag, slot.operation == Operation.FLUSH ? file.syncs().failed(why) : why);
    }

    private void synced(Slot slot) {
        LinuxException failure = null;
        try {
            file.syncs().check(); // of two at a time, one hears of a loss that is the other's too
        } catch (LinuxException e) {
            failure = e;
        }
        listener.done(slot.tag, failure);
    }

    private static boolean isPassing(int errno) {
        return errno == Errno.EAGAIN || errno == Errno.EINTR;
    }

    /** Asks the ring for what is left of a slot's data, or reports its end. */
    private void goOn(Slot slot) {
        slot.first = Views.skipEmpty(slot.views, slot.first, slot.count);
        if (slot.first == slot.count) {
            listener.done(slot.tag, null);
            return;
        }
        Views.fill(slot.vector, slot.views, slot.first, slot.count);
        if (!DirectIo.isAligned(file, slot.vector, slot.offset)) {
            carryOut(slot);
        } else if (slot.operation == Operation.READ) {
            ring.read(file.fd(), slot.vector, slot.offset, slot.tag);
        } else {
            ring.write(file.fd(), slot.vector, slot.offset, slot.tag);
        }
    }

    private void carryOutWhatWaits() {
        while (ring.takeBack()) {
            carryOut(slots[(int) ring.endedUserData()]);
        }
    }

    /** Does what is left of a slot's operation here and now. */
    private void carryOut(Slot slot) {
        switch (slot.operation) {
            case READ -> synchronous.read(slot.tag, slot.views, slot.count, slot.offset);
            case WRITE -> synchronous.write(slot.tag, slot.views, slot.count, slot.offset);
            default -> synchronous.flush(slot.tag);
        }
    }

    private enum Operation {
        READ("read"), WRITE("write"), FLUSH("fdatasync");

        private final String call;

        Operation(String call) {
            this.call = call;
        }
    }

    /** An operation in flight. */
    private static final class Slot {

        private final int tag;
        /** Made when the slot is first used, as most never are. */
        private IoVec vector;
        private Operation operation;
        private ByteBuffer[] views;
        private int count;
        private int first;
        private long offset;

        Slot(int tag) {
            this.tag = tag;
        }

        void begin(Operation what, ByteBuffer[] data, int dataCount, long at) {
            if (vector == null) {
                vector = new IoVec(PIECES);
            }
            operation = what;
            views = data;
            count = dataCount;
            first = 0;
            offset = at;
        }
    }
}
