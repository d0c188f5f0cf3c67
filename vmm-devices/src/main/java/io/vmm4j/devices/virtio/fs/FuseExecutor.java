package io.vmm4j.devices.virtio.fs;

import io.vmm4j.devices.virtio.QueuePump;
import io.vmm4j.devices.virtio.queue.ChainCopy;
import io.vmm4j.devices.virtio.queue.DescriptorChain;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Carries out the requests of one queue: reads header and arguments once, has the file server do it, and answers. A request that makes no
 * sense is answered with an error where it has room for one, and else given back as it is. Confined to the queue's thread.
 */
final class FuseExecutor {

    /** The longest arguments: an attribute of 64 KiB with its name, or two names. */
    private static final int ARGUMENTS_MAX = 0x1_0000 + 4096;
    /** The longest answer that is no file's content: an attribute of 64 KiB, or names in a directory. */
    private static final int REPLY_MAX = 0x2_0000;
    /** struct fuse_write_in, and fuse_read_in, which is like it. */
    private static final int MOVE_ARGUMENTS = 40;

    /** Buffers of a chain that may be kept; a driver's has three. */
    private static final int WAITING_BUFFERS = 8;

    /** Keeps requests that wait for a lock. */
    @FunctionalInterface
    interface Waits {
        void add(LockWait wait);
    }

    private final FuseSession session;
    private final FileServer server;
    private final FsCounters counters;
    private final Waits waits;
    private final FuseNodeRequests nodes;
    private final FuseFileRequests files;
    private final FuseData data = new FuseData();
    private final FuseReply reply = new FuseReply(REPLY_MAX);
    private final ByteBuffer head = ByteBuffer.allocate(FuseConstants.IN_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer arguments = ByteBuffer.allocate(ARGUMENTS_MAX).order(ByteOrder.LITTLE_ENDIAN);

    FuseExecutor(FuseSession session, FsCounters counters, Waits waits) {
        this.session = session;
        this.server = session.server();
        this.counters = counters;
        this.waits = waits;
        this.nodes = new FuseNodeRequests(server);
        this.files = new FuseFileRequests(session);
    }

    /** As {@link QueuePump.Handler}. */
    long serve(DescriptorChain chain) {
        head.clear();
        if (ChainCopy.read(chain, head) < FuseConstants.IN_HEADER) {
            return 0;
        }
        FuseHeader header = FuseHeader.read(head);
        counters.requests.increment();
        if (header.isUnanswered()) {
            hear(header, chain);
            return 0;
        }
        if (chain.writableLength() < FuseConstants.OUT_HEADER) {
            return 0;
        }
        try {
            return carryOut(header, chain);
        } catch (FsException e) {
            return refuse(header, chain, e);
        } finally {
            data.clear();
        }
    }

    private long refuse(FuseHeader header, DescriptorChain chain, FsException why) {
        counters.refused.increment();
        data.rewind();
        return answer(header, chain, why.errno(), FuseConstants.OUT_HEADER);
    }

    /** Writes the header and what {@code reply} has behind it. */
    private long answer(FuseHeader header, DescriptorChain chain, int error, long length) {
        if (error != 0) {
            reply.begin();
        }
        ChainCopy.write(chain, reply.finish(header.unique(), error, length));
        return length;
    }

    private long carryOut(FuseHeader header, DescriptorChain chain) throws FsException {
        if (header.length() != chain.readableLength()) {
            throw new FsException(FuseConstants.EINVAL);
        }
        if (header.opcode() == FuseConstants.FUSE_INIT) {
            session.begin(arguments(chain, ARGUMENTS_MAX)).write(reply.begin());
            return whole(header, chain);
        }
        if (!session.isOn()) {
            throw new FsException(FuseConstants.EIO);
        }
        switch (header.opcode()) {
            case FuseConstants.FUSE_READ -> {
                return read(header, chain);
            }
            case FuseConstants.FUSE_WRITE -> write(chain);
            case FuseConstants.FUSE_SETLK, FuseConstants.FUSE_SETLKW -> {
                if (!isLocked(header, chain)) {
                    return QueuePump.KEPT;
                }
            }
            case FuseConstants.FUSE_DESTROY -> {
                session.end();
                reply.begin();
            }
            default -> other(header, chain);
        }
        return whole(header, chain);
    }

    private long whole(FuseHeader header, DescriptorChain chain) throws FsException {
        if (reply.length() > chain.writableLength()) {
            throw new FsException(FuseConstants.EINVAL);
        }
        data.rewind();
        return answer(header, chain, 0, reply.length());
    }

    private void other(FuseHeader header, DescriptorChain chain) throws FsException {
        if (chain.writableLength() < FuseReply.least(header.opcode())) {
            throw new FsException(FuseConstants.EINVAL); // before anything is done that the guest would not hear of
        }
        FuseReader in = arguments(chain, ARGUMENTS_MAX);
        reply.begin();
        if (!nodes.serve(header, in, reply) && !files.serve(header, in, reply, chain.writableLength())) {
            throw new FsException(FuseConstants.ENOSYS);
        }
    }

    private FuseReader arguments(DescriptorChain chain, int most) throws FsException {
        if (most == ARGUMENTS_MAX && chain.readableLength() - FuseConstants.IN_HEADER > most) {
            throw new FsException(FuseConstants.E2BIG);
        }
        arguments.clear().limit(most);
        ChainCopy.read(chain, arguments);
        arguments.flip();
        return new FuseReader(arguments);
    }

    /* struct fuse_read_in { u64 fh, offset; u32 size, read_flags; u64 lock_owner; u32 flags, padding; } */
    private long read(FuseHeader header, DescriptorChain chain) throws FsException {
        FuseReader in = arguments(chain, MOVE_ARGUMENTS);
        long handle = in.u64();
        long offset = in.u64();
        long size = in.u32() & 0xFFFF_FFFFL;
        data.ofWritable(chain, FuseConstants.OUT_HEADER, size);
        long length = server.read(handle, offset, data.views(), data.count());
        counters.read(length);
        data.rewind();
        reply.begin();
        return answer(header, chain, 0, FuseConstants.OUT_HEADER + length);
    }

    /* struct fuse_write_in { u64 fh, offset; u32 size, write_flags; u64 lock_owner; u32 flags, padding; } and the data */
    private void write(DescriptorChain chain) throws FsException {
        FuseReader in = arguments(chain, MOVE_ARGUMENTS);
        long handle = in.u64();
        long offset = in.u64();
        long size = in.u32() & 0xFFFF_FFFFL;
        int how = in.u32();
        in.skip(Long.BYTES);
        boolean appends = (in.u32() & FuseConstants.O_APPEND) != 0 && (how & FuseConstants.FUSE_WRITE_CACHE) == 0;
        in.skip(Integer.BYTES);
        data.ofReadable(chain, size);
        if (data.length() != size) {
            throw new FsException(FuseConstants.EINVAL);
        }
        long length = server.write(handle, offset, data.views(), data.count(), appends, (how & FuseConstants.FUSE_WRITE_KILL_SUIDGID) != 0);
        data.clear();
        counters.wrote(length);
        reply.begin().u32((int) length).u32(0);
    }

    /* struct fuse_lk_in { u64 fh, owner; struct fuse_file_lock lk; u32 lk_flags, padding; } */
    private boolean isLocked(FuseHeader header, DescriptorChain chain) throws FsException {
        FuseReader in = arguments(chain, ARGUMENTS_MAX);
        long handle = in.u64();
        long owner = in.u64();
        FileServer.Lock lock = FuseFileRequests.lock(in);
        boolean ofFile = (in.u32() & FuseConstants.FUSE_LK_FLOCK) != 0;
        reply.begin();
        if (server.lock(handle, owner, lock, ofFile)) {
            return true;
        }
        if (header.opcode() == FuseConstants.FUSE_SETLK) {
            throw new FsException(FuseConstants.EAGAIN);
        }
        LockWait wait = new LockWait(chain, header, handle, owner, lock, ofFile);
        if (chain.readableCount() + chain.writableCount() > WAITING_BUFFERS || !session.add(wait)) {
            throw new FsException(FuseConstants.ENOLCK);
        }
        waits.add(wait);
        return false;
    }

    /**
     * Tries a lock again. Returns the bytes of the answer, or {@link QueuePump#KEPT} when it is not over.
     */
    long proceed(LockWait wait) {
        long written;
        try {
            if (!wait.isOver(server)) {
                return QueuePump.KEPT;
            }
            reply.begin();
            written = answer(wait.header(), wait.chain(), 0, FuseConstants.OUT_HEADER);
        } catch (FsException e) {
            written = refuse(wait.header(), wait.chain(), e);
        }
        session.remove(wait);
        return written;
    }

    /** Forgets one that is not to be answered. */
    void drop(LockWait wait) {
        session.remove(wait);
    }

    private void hear(FuseHeader header, DescriptorChain chain) {
        try {
            FuseReader in = arguments(chain, ARGUMENTS_MAX);
            switch (header.opcode()) {
                case FuseConstants.FUSE_FORGET -> server.forget(header.node(), in.u64());
                case FuseConstants.FUSE_INTERRUPT -> session.interrupt(in.u64());
                default -> forgetAll(in);
            }
        } catch (FsException e) {
            counters.refused.increment(); // nobody waits for an answer
        }
    }

    /* struct fuse_batch_forget_in { u32 count, dummy; }, then { u64 nodeid, nlookup; } each */
    private void forgetAll(FuseReader in) throws FsException {
        long count = in.u32() & 0xFFFF_FFFFL;
        in.skip(Integer.BYTES);
        for (long i = 0; i < count; i++) {
            server.forget(in.u64(), in.u64());
        }
    }
}
