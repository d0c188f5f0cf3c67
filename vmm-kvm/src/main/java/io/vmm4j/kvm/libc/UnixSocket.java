package io.vmm4j.kvm.libc;

import java.io.Closeable;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A Unix stream socket, unix(7): listening, or connected. Non-blocking and closed on exec; a program at the other end
 * that is gone causes an error, never SIGPIPE.
 *
 * <p>Confined to one thread at a time.
 */
public final class UnixSocket implements Closeable {
    /** Most bytes in an address: sun_path less its NUL. */
    public static final int MAX_ADDRESS = 107;
    /** Most open files that go with one message, Linux' SCM_MAX_FD. */
    public static final int MAX_DESCRIPTORS = 253;
    /** Returned in place of EAGAIN: nothing could be moved now. */
    public static final int WOULD_BLOCK = Fd.WOULD_BLOCK;

    private static final int SYS_SOCKETPAIR = 53;
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    /* struct ucred { pid_t pid; uid_t uid; gid_t gid; } */
    private static final int UCRED_SIZE = 12;
    private static final int SHUT_RD = 0;
    private static final int SHUT_WR = 1;
    private static final int MSG_PEEK = 2;
    private static final int MSG_NOSIGNAL = 0x4000;
    /* struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; } */
    private static final int SUN_PATH = 2;
    private static final int SOCKADDR_SIZE = 110;

    private final Fd fd;
    /** Made when the first pieces are sent. */
    private GatherMessage gathered;

    private UnixSocket(Fd fd) {
        this.fd = fd;
    }

    /** A socket that is not connected. */
    public static UnixSocket open() throws LinuxException {
        int fd = LibC.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new LinuxException("socket(AF_UNIX)", LibC.errno());
        }
        return new UnixSocket(Fd.of(fd));
    }

    /** Two sockets that are connected to each other, socketpair(2). */
    public static List<UnixSocket> pair() throws LinuxException {
        NativeStruct both = NativeStruct.allocate(2 * Integer.BYTES);
        check("socketpair", LibC.syscall(SYS_SOCKETPAIR, both, 3, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0));
        return List.of(new UnixSocket(Fd.of(both.bytes().getInt(0))), new UnixSocket(Fd.of(both.bytes().getInt(Integer.BYTES))));
    }

    /**
     * Makes the socket's file and listens there.
     *
     * @param address the file, at most {@value #MAX_ADDRESS} bytes; must not exist
     * @param backlog how many connections may wait for {@link #accept}
     */
    public static UnixSocket listen(String address, int backlog) throws LinuxException {
        NativeStruct sockaddr = sockaddr(address);
        UnixSocket socket = open();
        try {
            check("bind(" + address + ")", LibC.bind(socket.fd(), sockaddr, SOCKADDR_SIZE));
            check("listen", LibC.listen(socket.fd(), backlog));
            return socket;
        } catch (LinuxException e) {
            socket.close();
            throw e;
        }
    }

    /** The next connection that waits; null when none does. */
    public UnixSocket accept() throws LinuxException {
        int accepted;
        do {
            accepted = LibC.accept(fd(), SOCK_NONBLOCK | SOCK_CLOEXEC);
        } while (accepted < 0 && (LibC.errno() == Errno.EINTR || LibC.errno() == Errno.ECONNABORTED));
        if (accepted < 0 && LibC.errno() == Errno.EAGAIN) {
            return null;
        }
        check("accept4", accepted);
        return new UnixSocket(Fd.of(accepted));
    }

    /**
     * Connects to the socket at {@code path}, of any length.
     *
     * @return false when too many wait there already: nothing tells when that changes, so try again later
     * @throws LinuxException when there is no socket, or nobody listens
     */
    public boolean connect(Path path) throws LinuxException {
        String name = path.toString();
        if (encode(name).length <= MAX_ADDRESS) {
            return connect(name, path);
        }
        try (Fd file = Fd.open(path, Fd.O_PATH)) {
            return connect(file, path);
        }
    }

    /**
     * As {@link #connect(Path)}, to the socket whose file is open (O_PATH) whatever has become of its name.
     *
     * @param path for messages
     */
    public boolean connect(Fd file, Path path) throws LinuxException {
        return connect("/proc/self/fd/" + file.value(), path);
    }

    /** The process on the other side, or which had it listen: its number when it did that; 0 for one that this process cannot see. */
    public int peerProcess() throws LinuxException {
        NativeStruct credentials = NativeStruct.allocate(UCRED_SIZE);
        NativeStruct length = NativeStruct.allocate(Integer.BYTES);
        length.bytes().putInt(0, UCRED_SIZE);
        check("getsockopt(SO_PEERCRED)", LibC.getsockopt(fd(), SOL_SOCKET, SO_PEERCRED, credentials, length));
        return credentials.bytes().getInt(0);
    }

    private boolean connect(String address, Path path) throws LinuxException {
        NativeStruct sockaddr = sockaddr(address);
        int result;
        do {
            result = LibC.connect(fd(), sockaddr, SOCKADDR_SIZE);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        if (result < 0 && LibC.errno() == Errno.EAGAIN) {
            return false;
        }
        check("connect(" + path + ")", result);
        return true;
    }

    /**
     * Receives what there is, up to the room in {@code target}, and moves its position.
     *
     * @return bytes received; 0 at the end, or without room; {@link #WOULD_BLOCK} when there are none now
     */
    public int receive(ByteBuffer target) throws LinuxException {
        int n = receive(target, 0);
        if (n > 0) {
            target.position(target.position() + n);
        }
        return n;
    }

    /** As {@link #receive}, but the bytes stay in the socket and the buffer's position where it is. */
    public int peek(ByteBuffer target) throws LinuxException {
        return receive(target, MSG_PEEK);
    }

    private int receive(ByteBuffer target, int flags) throws LinuxException {
        long n;
        do {
            n = LibC.recv(fd(), LibC.address(target) + target.position(), target.remaining(), flags);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        Reference.reachabilityFence(target);
        return moved("recv", n);
    }

    /**
     * Sends what fits of {@code source}, and moves its position.
     *
     * @return bytes sent; {@link #WOULD_BLOCK} when there is no room now
     */
    public int send(ByteBuffer source) throws LinuxException {
        long n;
        do {
            n = LibC.send(fd(), LibC.address(source) + source.position(), source.remaining(), MSG_NOSIGNAL);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        int sent = moved("send", n);
        if (sent > 0) {
            source.position(source.position() + sent);
        }
        return sent;
    }

    /**
     * Sends what fits of the pieces, in one call; {@code vector} stays as it is. Allocates nothing once warm.
     *
     * @return bytes sent; {@link #WOULD_BLOCK} when there is no room now
     */
    public int send(IoVec vector) throws LinuxException {
        if (gathered == null) {
            gathered = new GatherMessage();
        }
        return moved("sendmsg", gathered.send(fd(), vector));
    }

    /**
     * As {@link #send(ByteBuffer)}, with a second descriptor of an open file for the other end, which goes with the first byte.
     *
     * @param source not empty
     */
    public int send(ByteBuffer source, Fd descriptor) throws LinuxException {
        int sent = moved("sendmsg(SCM_RIGHTS)", DescriptorMessage.send(fd(), source, descriptor.value()));
        if (sent > 0) {
            source.position(source.position() + sent);
        }
        return sent;
    }

    /**
     * As {@link #send(ByteBuffer, Fd)}, with several.
     *
     * @param descriptors numbers of open files, 1 to {@value #MAX_DESCRIPTORS}
     */
    public int send(ByteBuffer source, int... descriptors) throws LinuxException {
        if (descriptors.length < 1 || descriptors.length > MAX_DESCRIPTORS) {
            throw new IllegalArgumentException(descriptors.length + " descriptors are not 1 to " + MAX_DESCRIPTORS);
        }
        int sent = moved("sendmsg(SCM_RIGHTS)", DescriptorMessage.send(fd(), source, descriptors));
        if (sent > 0) {
            source.position(source.position() + sent);
        }
        return sent;
    }

    /** What came in one piece: as many bytes as {@link #receive} says, and an open file if one came with them, which is the caller's to close. */
    public record Received(int count, Optional<Fd> descriptor) {
    }

    /** As {@link #receive}, with an open file that the other end sent. Of several the first. */
    public Received receiveWithDescriptor(ByteBuffer target) throws LinuxException {
        Fd[] descriptor = new Fd[1];
        int n = moved("recvmsg", DescriptorMessage.receive(fd(), target, descriptor));
        if (n > 0) {
            target.position(target.position() + n);
        }
        return new Received(n, Optional.ofNullable(descriptor[0]));
    }

    /**
     * Waits until it can be received from or sent to.
     *
     * @param events POLL constants of {@link Fd}
     * @param timeoutMillis -1 to wait without bound
     * @return the POLL bits that hold; 0 when the time was up or a signal came first
     */
    public int poll(int events, int timeoutMillis) throws LinuxException {
        return fd.poll(events, timeoutMillis);
    }

    /** The other end's sends fail from now on. */
    public void shutdownInput() throws LinuxException {
        check("shutdown(SHUT_RD)", LibC.shutdown(fd(), SHUT_RD));
    }

    /** The other end finds the end of the stream behind what was sent. */
    public void shutdownOutput() throws LinuxException {
        check("shutdown(SHUT_WR)", LibC.shutdown(fd(), SHUT_WR));
    }

    /** The descriptor's number, for {@link Epoll}; -1 once closed. */
    public int fd() {
        return fd.value();
    }

    @Override
    public void close() {
        fd.close();
    }

    private static NativeStruct sockaddr(String address) {
        byte[] encoded = encode(address);
        // An address without a first byte is no file but a name of the abstract kind.
        if (encoded.length == 0 || encoded.length > MAX_ADDRESS) {
            throw new IllegalArgumentException("socket address \"" + address + "\" is not 1 to " + MAX_ADDRESS + " bytes long");
        }
        NativeStruct sockaddr = NativeStruct.allocate(SOCKADDR_SIZE);
        sockaddr.bytes().putShort(0, (short) AF_UNIX).put(SUN_PATH, encoded);
        return sockaddr;
    }

    private static byte[] encode(String address) {
        return NativeStruct.encode(address);
    }

    private static int moved(String call, long result) throws LinuxException {
        if (result < 0 && LibC.errno() == Errno.EAGAIN) {
            return WOULD_BLOCK;
        }
        check(call, result);
        return (int) result;
    }

    private static void check(String call, long result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }
}
