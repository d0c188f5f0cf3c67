package io.vmm4j.cli.log;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import io.vmm4j.kvm.libc.OfdLock;
import io.vmm4j.kvm.libc.Termios;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Opens what a path leads to as a log, by what it is.
 *
 * <p>A regular file is appended to, so that one that is cut short from outside (copytruncate) has no gap. It is made
 * anew when nobody holds it: a machine holds the file of its log by a lock, and one that is an inherited descriptor's
 * belongs to who started this process. Nothing but a regular file's disk is waited for.
 */
final class LogDestinations {

    private static final int ANY = Fd.O_NONBLOCK | Fd.O_NOCTTY;
    private static final long LOCK_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int LOCK_TRIES = 1_000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;

    private LogDestinations() {
    }

    /** Opens {@code path}; a regular file that nobody else writes to is emptied. */
    static LogDestination open(Path path) throws IOException {
        return open(path, true);
    }

    /** Opens {@code path}; what a file has stays. */
    static LogDestination append(Path path) throws IOException {
        return open(path, false);
    }

    private static LogDestination open(Path path, boolean mayTruncate) throws IOException {
        List<InheritedDescriptor> inherited = InheritedDescriptor.of(path);
        for (InheritedDescriptor descriptor : inherited) {
            if (descriptor.isWritable()) {
                return ofDescriptor(descriptor.number());
            }
        }
        return ofPath(path, mayTruncate && inherited.isEmpty());
    }

    /**
     * The file behind an inherited descriptor. A regular one has its offset in common with who writes by that descriptor; a
     * pipe or a terminal is opened anew where that is permitted, because whether it waits is then nobody else's business.
     */
    static LogDestination ofDescriptor(int number) throws LinuxException {
        Fd copy = Fd.duplicate(number);
        FileStat file = copy.stat();
        if (file.isRegularFile()) {
            return new Disk(copy, false);
        }
        if (file.isSocket()) {
            return new Socket(copy);
        }
        try {
            Stream stream = new Stream(Fd.open(Path.of("/proc/self/fd/" + number), Fd.O_WRONLY | ANY));
            copy.close();
            return stream;
        } catch (LinuxException e) {
            return new Polled(copy);
        }
    }

    private static LogDestination ofPath(Path path, boolean mayTruncate) throws LinuxException {
        Fd fd;
        try {
            fd = openAny(path);
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENXIO && isPipe(path)) {
                return new Later(path);
            }
            throw e;
        }
        try {
            if (fd.stat().isRegularFile()) {
                return ofFile(fd, mayTruncate);
            }
            return new Stream(fd);
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
    }

    /** For reading too where that is permitted: a lock that several share needs it, and so does a pipe that nobody reads yet. */
    private static Fd openAny(Path path) throws LinuxException {
        int flags = Fd.O_APPEND | ANY;
        try {
            return Fd.open(path, Fd.O_RDWR | flags);
        } catch (LinuxException e) {
            return switch (e.errno()) {
                // Only now: with O_CREAT a pipe of another user's is refused in a directory like /tmp.
                case Errno.ENOENT -> Fd.open(path, Fd.O_RDWR | Fd.O_CREAT | flags);
                case Errno.EACCES -> Fd.open(path, Fd.O_WRONLY | flags);
                default -> throw e;
            };
        }
    }

    private static boolean isPipe(Path path) {
        try (Fd name = Fd.open(path, Fd.O_PATH)) {
            return name.stat().isPipe();
        } catch (LinuxException e) {
            return false;
        }
    }

    private static LogDestination ofFile(Fd fd, boolean mayTruncate) throws LinuxException {
        boolean isAlone;
        try {
            isAlone = lockAlone(fd);
        } catch (LinuxException e) {
            // A file system without locks: whether others write to it is not known, so nothing of theirs is destroyed.
            return new Disk(fd, false);
        }
        if (isAlone && mayTruncate) {
            fd.truncate(0);
        }
        if (isAlone) {
            share(fd);
        }
        return new Disk(fd, !isAlone);
    }

    /** True with an exclusive lock; false when other machines have the file, with a lock beside theirs. */
    private static boolean lockAlone(Fd fd) throws LinuxException {
        for (int tries = 0; tries < LOCK_TRIES; tries++) {
            if (OfdLock.tryLock(fd, true)) {
                return true;
            }
            if (share(fd)) {
                return false;
            }
            // Another machine makes the file anew just now.
            LockSupport.parkNanos(LOCK_PAUSE_NANOS);
        }
        return false;
    }

    private static boolean share(Fd fd) throws LinuxException {
        try {
            return OfdLock.tryLock(fd, false);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EBADF) {
                // Not open for reading, so it cannot be shared.
                return false;
            }
            throw e;
        }
    }

    /**
     * A regular file.
     *
     * @param isShared whether another machine writes to it
     */
    private record Disk(Fd fd, boolean isShared) implements LogDestination {

        @Override
        public int write(NativeStruct text, int from, int length) throws LinuxException {
            return (int) fd.write(text.address() + from, length);
        }

        @Override
        public void close() {
            fd.close();
        }
    }

    /** A pipe or a terminal that does not wait. */
    private record Stream(Fd fd) implements LogDestination {

        @Override
        public int write(NativeStruct text, int from, int length) throws LinuxException {
            return (int) Math.max(0, fd.write(text.address() + from, length));
        }

        @Override
        public boolean isTerminal() {
            return Termios.isTty(fd.value());
        }

        @Override
        public void close() {
            fd.close();
        }
    }

    /** A pipe or a terminal that may wait, so it is written to when it has room. */
    private record Polled(Fd fd) implements LogDestination {

        @Override
        public int write(NativeStruct text, int from, int length) throws LinuxException {
            return fd.poll(Fd.POLLOUT, 0) == 0 ? 0 : (int) Math.max(0, fd.write(text.address() + from, length));
        }

        @Override
        public boolean isTerminal() {
            return Termios.isTty(fd.value());
        }

        @Override
        public void close() {
            fd.close();
        }
    }

    /** A socket that is somebody else's too. */
    private record Socket(Fd fd) implements LogDestination {

        @Override
        public int write(NativeStruct text, int from, int length) throws LinuxException {
            long sent = LibC.send(fd.value(), text.address() + from, length, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent >= 0) {
                return (int) sent;
            }
            if (LibC.errno() == Errno.EAGAIN || LibC.errno() == Errno.EINTR) {
                return 0;
            }
            throw new LinuxException("send", LibC.errno());
        }

        @Override
        public void close() {
            fd.close();
        }
    }

    /** A pipe that may only be written to, and opened once somebody reads it. */
    static final class Later implements LogDestination {

        private final Path path;
        private Stream stream;

        Later(Path path) {
            this.path = path;
        }

        @Override
        public int write(NativeStruct text, int from, int length) throws IOException {
            try {
                if (stream == null) {
                    stream = new Stream(Fd.open(path, Fd.O_WRONLY | ANY));
                }
                return stream.write(text, from, length);
            } catch (LinuxException e) {
                close();
                throw e.errno() == Errno.ENXIO || e.errno() == Errno.EPIPE ? new IOException("nobody reads them", e) : e;
            }
        }

        @Override
        public void close() {
            if (stream != null) {
                stream.close();
                stream = null;
            }
        }
    }
}
