package io.vmm4j.core.share;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.testing.GuestRam;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.fs.FsConfig;
import io.vmm4j.devices.virtio.fs.VirtioFs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A guest's FUSE client, as its kernel is one: makes requests, puts them through a device, and reads the answers. For one thread. */
final class FuseGuest implements AutoCloseable {

    static final int REQUESTS = 1;
    private static final long OUT = VirtioRig.DATA;
    private static final long IN = VirtioRig.DATA + 0x18_0000;
    private static final int SIZE = 128;

    /** An answer that is an error. */
    static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        final int errno;

        Refused(int errno) {
            super("errno " + errno);
            this.errno = errno;
        }
    }

    /** What fuse_entry_out or fuse_attr_out say. */
    record Attr(long node, long inode, long size, int mode, int links, int uid, int gid, long mtime) {
    }

    final ShareServer server;
    final VirtioRig<VirtioFs> rig;
    int uid;
    int gid;
    private long unique = 2;

    FuseGuest(ShareConfig config) throws IOException {
        this(new ShareServer(config));
    }

    FuseGuest(ShareServer server) {
        this.server = server;
        this.rig = new VirtioRig<>(loop -> new VirtioFs(new FsConfig("tag", 1, SIZE), server, loop, List.of(loop)));
        rig.start(0, SIZE, SIZE);
        init();
    }

    static FuseGuest on(Path directory) throws IOException {
        return new FuseGuest(ShareConfig.of(directory.toString(), "tag"));
    }

    private void init() {
        try {
            call(26, 0, args(64).putInt(7).putInt(38).putInt(0x2_0000).putInt(0x7FFF_FFFF), 64);
        } catch (Refused e) {
            throw new AssertionError(e);
        }
    }

    static ByteBuffer args(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] name(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    static ByteBuffer named(String text) {
        return ByteBuffer.wrap(name(text)).order(ByteOrder.LITTLE_ENDIAN).position(name(text).length);
    }

    /** One request; its arguments are what {@code args} has up to its position, with zeros where the buffer goes on. Returns what is behind the answer's header. */
    ByteBuffer call(int opcode, long node, ByteBuffer args, int room) throws Refused {
        return answer(send(REQUESTS, opcode, node, args, room));
    }

    /** Makes a request available; the result is its number. */
    long send(int queue, int opcode, long node, ByteBuffer args, int room) {
        byte[] request = request(opcode, node, args.array());
        GuestRam.put(rig.memory(), OUT, request);
        GuestRam.put(rig.memory(), IN, new byte[16]);
        if (room < 0) {
            rig.queue(queue).add(Buffer.readable(OUT, request.length));
        } else {
            rig.queue(queue).add(Buffer.readable(OUT, request.length), Buffer.writable(IN, 16 + room));
        }
        rig.kick(queue);
        return unique;
    }

    byte[] request(int opcode, long node, byte[] args) {
        unique += 2;
        return args(40 + args.length).putInt(40 + args.length).putInt(opcode).putLong(unique).putLong(node).putInt(uid).putInt(gid).putInt(1)
                .putInt(0).put(args).array();
    }

    /** The answer to the request, which has come back. */
    ByteBuffer answer(long number) throws Refused {
        Used used = rig.queue(REQUESTS).takeUsed();
        if (used == null) {
            throw new AssertionError("no answer to request " + number);
        }
        ByteBuffer answer = ByteBuffer.wrap(GuestRam.get(rig.memory(), IN, (int) used.length())).order(ByteOrder.LITTLE_ENDIAN);
        if (answer.getInt() != used.length()) {
            throw new AssertionError("an answer of " + used.length() + " bytes says that it is of " + answer.getInt(0));
        }
        int error = answer.getInt();
        if (answer.getLong() != number) {
            throw new AssertionError("an answer to another request");
        }
        if (error != 0) {
            throw new Refused(-error);
        }
        return answer.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    boolean hasAnswer() {
        return GuestRam.get(rig.memory(), IN, 1)[0] != 0;
    }

    private static Attr entry(ByteBuffer b) {
        return attr(b.getLong(0), b, 40);
    }

    private static Attr attr(long node, ByteBuffer b, int at) {
        return new Attr(node, b.getLong(at), b.getLong(at + 8), b.getInt(at + 60), b.getInt(at + 64), b.getInt(at + 68), b.getInt(at + 72),
                b.getLong(at + 32));
    }

    Attr lookup(long parent, String text) throws Refused {
        return entry(call(1, parent, named(text), 128));
    }

    /** Looks all parts of a path up. */
    Attr walk(String path) throws Refused {
        Attr at = new Attr(1, 0, 0, 0, 0, 0, 0, 0);
        for (String part : path.split("/")) {
            at = lookup(at.node(), part);
        }
        return at;
    }

    void forget(long node, long lookups) {
        send(0, 2, node, args(8).putLong(lookups), -1);
        rig.queue(0).takeUsed();
    }

    Attr getattr(long node) throws Refused {
        return attr(node, call(3, node, args(16), 104), 16);
    }

    Attr setattr(long node, int valid, long size, int mode, int owner, int group) throws Refused {
        ByteBuffer args = args(88);
        args.putInt(0, valid).putLong(16, size).putInt(68, mode).putInt(76, owner).putInt(80, group);
        return attr(node, call(4, node, args, 104), 16);
    }

    Attr mkdir(long parent, String text, int mode) throws Refused {
        return entry(call(9, parent, args(8 + name(text).length).putInt(mode).putInt(0).put(name(text)), 128));
    }

    Attr mknod(long parent, String text, int mode, int device) throws Refused {
        return entry(call(8, parent, args(16 + name(text).length).putInt(mode).putInt(device).putInt(0).putInt(0).put(name(text)), 128));
    }

    Attr symlink(long parent, String text, String target) throws Refused {
        return entry(call(6, parent, args(name(text).length + name(target).length).put(name(text)).put(name(target)), 128));
    }

    String readlink(long node) throws Refused {
        return StandardCharsets.UTF_8.decode(call(5, node, args(0), 4096)).toString();
    }

    Attr link(long node, long parent, String text) throws Refused {
        return entry(call(13, parent, args(8 + name(text).length).putLong(node).put(name(text)), 128));
    }

    void unlink(long parent, String text) throws Refused {
        call(10, parent, named(text), 0);
    }

    void rmdir(long parent, String text) throws Refused {
        call(11, parent, named(text), 0);
    }

    void rename(long parent, String from, long newParent, String to, int flags) throws Refused {
        call(45, parent, args(16 + name(from).length + name(to).length).putLong(newParent).putInt(flags).putInt(0).put(name(from)).put(name(to)), 0);
    }

    long open(long node, int flags) throws Refused {
        return call(14, node, args(8).putInt(flags), 16).getLong(0);
    }

    /** The handle. */
    long create(long parent, String text, int flags, int mode) throws Refused {
        return call(35, parent, args(16 + name(text).length).putInt(flags).putInt(mode).putInt(0).putInt(0).put(name(text)), 144).getLong(128);
    }

    byte[] read(long handle, long offset, int size) throws Refused {
        ByteBuffer data = call(15, 0, args(40).putLong(handle).putLong(offset).putInt(size), size);
        byte[] bytes = new byte[data.remaining()];
        data.get(bytes);
        return bytes;
    }

    int write(long handle, long offset, byte[] data) throws Refused {
        return write(handle, offset, data, 0, 0);
    }

    /** @param how FUSE_WRITE bits */
    int write(long handle, long offset, byte[] data, int how, int openFlags) throws Refused {
        ByteBuffer args = args(40 + data.length).putLong(handle).putLong(offset).putInt(data.length).putInt(how).putLong(0).putInt(openFlags);
        args.position(40).put(data);
        return call(16, 0, args, 8).getInt(0);
    }

    void release(long handle) throws Refused {
        call(18, 0, args(24).putLong(handle), 0);
    }

    void flush(long handle, long owner) throws Refused {
        call(25, 0, args(24).putLong(handle).putLong(0).putLong(owner), 0);
    }

    static ByteBuffer lock(long handle, long owner, long start, long end, int type, boolean ofFile) {
        return args(48).putLong(handle).putLong(owner).putLong(start).putLong(end).putInt(type).putInt(1).putInt(ofFile ? 1 : 0);
    }

    /** Names with the numbers of their nodes, 0 where those are not told. */
    Map<String, Long> list(long node, boolean isPlus) throws Refused {
        long handle = call(27, node, args(8), 16).getLong(0);
        try {
            return list(node, handle, isPlus);
        } finally {
            call(29, node, args(24).putLong(handle), 0);
        }
    }

    private Map<String, Long> list(long node, long handle, boolean isPlus) throws Refused {
        Map<String, Long> names = new TreeMap<>();
        long place = 0;
        while (true) {
            ByteBuffer page = call(isPlus ? 44 : 28, node, args(40).putLong(handle).putLong(place).putInt(4096), 4096);
            if (!page.hasRemaining()) {
                return names;
            }
            while (page.hasRemaining()) {
                int start = page.position();
                long child = isPlus ? page.getLong(start) : 0;
                int dirent = start + (isPlus ? 128 : 0);
                place = page.getLong(dirent + 8);
                byte[] text = new byte[page.getInt(dirent + 16)];
                page.get(dirent + 24, text);
                names.put(new String(text, StandardCharsets.UTF_8), child);
                page.position(dirent + (24 + text.length + 7 & -8));
            }
        }
    }

    @Override
    public void close() {
        rig.driver().reset();
        rig.loop().run();
        server.close();
    }
}
