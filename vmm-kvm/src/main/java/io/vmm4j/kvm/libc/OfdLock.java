package io.vmm4j.kvm.libc;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Open-file-description locks (fcntl F_OFD_SETLK) on a whole file or a range of it, which may be behind its end: held by the open file
 * rather than the process, so that two machines in one process exclude each other too. The lock ends when the last descriptor of the open file is
 * closed. Advisory: it binds only those who ask.
 */
public final class OfdLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;
    /* struct flock { short l_type; short l_whence; off_t l_start; off_t l_len; pid_t l_pid; } */
    private static final int FLOCK_SIZE = 32;
    private static final int L_TYPE = 0;
    private static final int L_START = 8;
    private static final int L_LEN = 16;
    private static final int L_PID = 24;
    /** As a length: up to the end of the file, wherever that comes to be. */
    public static final long TO_END = 0;
    private static final Path PROC = Path.of("/proc");
    /** Where a search for the holder gives up: a name in a message is not worth more. */
    private static final int MAX_FILES_SEARCHED = 20_000;

    private OfdLock() {
    }

    /**
     * Takes the lock, or changes the kind of the one held, without waiting.
     *
     * @param exclusive true for the only one (the descriptor must be writable), false for one of many readers
     * @return false when a conflicting lock is held elsewhere
     */
    public static boolean tryLock(Fd fd, boolean exclusive) throws LinuxException {
        return tryLock(fd, exclusive, 0, TO_END);
    }

    /**
     * As {@link #tryLock(Fd, boolean)}, of a range.
     *
     * @param from   its first byte
     * @param length bytes, or {@link #TO_END}
     */
    public static boolean tryLock(Fd fd, boolean exclusive, long from, long length) throws LinuxException {
        NativeStruct flock = flock(exclusive ? F_WRLCK : F_RDLCK, from, length);
        if (LibC.fcntl(fd.value(), F_OFD_SETLK, flock) == 0) {
            return true;
        }
        int errno = LibC.errno();
        if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
            return false;
        }
        throw new LinuxException("fcntl(F_OFD_SETLK)", errno);
    }

    /** Gives the lock up. */
    public static void unlock(Fd fd) throws LinuxException {
        if (LibC.fcntl(fd.value(), F_OFD_SETLK, flock(F_UNLCK, 0, TO_END)) < 0) {
            throw new LinuxException("fcntl(F_OFD_SETLK)", LibC.errno());
        }
    }

    /**
     * The first byte of a lock that another open file has, and that is in the way of one of a range, which is not taken. Parameters as in
     * {@link #tryLock(Fd, boolean, long, long)}.
     *
     * @return empty when nothing is in the way
     */
    public static OptionalLong inTheWay(Fd fd, boolean exclusive, long from, long length) throws LinuxException {
        NativeStruct flock = probe(fd, exclusive, from, length);
        return flock.bytes().getShort(L_TYPE) == F_UNLCK ? OptionalLong.empty() : OptionalLong.of(flock.bytes().getLong(L_START));
    }

    private static NativeStruct probe(Fd fd, boolean exclusive, long from, long length) throws LinuxException {
        NativeStruct flock = flock(exclusive ? F_WRLCK : F_RDLCK, from, length);
        if (LibC.fcntl(fd.value(), F_OFD_GETLK, flock) < 0) {
            throw new LinuxException("fcntl(F_OFD_GETLK)", LibC.errno());
        }
        return flock;
    }

    /** As {@link #holder(Fd, boolean, long, long)}, of the whole file. */
    public static OptionalLong holder(Fd fd, boolean exclusive) throws LinuxException {
        return holder(fd, exclusive, 0, TO_END);
    }

    /**
     * The process that holds a lock in the way of the one asked for. The kernel names it for classic locks only; for
     * open-file-description locks, those of /proc/PID/fdinfo that may be read are searched, up to a bound.
     *
     * @return empty when nothing is in the way (any more) or the holder cannot be seen
     */
    public static OptionalLong holder(Fd fd, boolean exclusive, long from, long length) throws LinuxException {
        NativeStruct flock = probe(fd, exclusive, from, length);
        if (flock.bytes().getShort(L_TYPE) == F_UNLCK) {
            return OptionalLong.empty();
        }
        int pid = flock.bytes().getInt(L_PID);
        // Bytes that are locked by the one in the way, in the search for who that is.
        long start = flock.bytes().getLong(L_START);
        return pid > 0 ? OptionalLong.of(pid) : search(new Sought(fd, fd.stat(), start));
    }

    /** A lock of {@code file} that has {@code locked} in it, and is not that of {@code ours}. */
    private record Sought(Fd ours, FileStat file, long locked) {

        boolean isOurs(Path opened) {
            return opened.equals(PROC.resolve(Long.toString(ProcessHandle.current().pid())).resolve("fd").resolve(Integer.toString(ours.value())));
        }
    }

    private static OptionalLong search(Sought sought) {
        int[] left = {MAX_FILES_SEARCHED};
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                if (holdsLock(process, sought, left)) {
                    return OptionalLong.of(Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Without /proc nobody can be named.
            return OptionalLong.empty();
        }
        return OptionalLong.empty();
    }

    /** @param left how many files may still be looked at; counted down */
    private static boolean holdsLock(Path process, Sought sought, int[] left) {
        try (DirectoryStream<Path> infos = Files.newDirectoryStream(process.resolve("fdinfo"))) {
            for (Path info : infos) {
                if (left[0]-- <= 0) {
                    return false;
                }
                if (isLockedBy(info, process.resolve("fd").resolve(info.getFileName()), sought)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Another user's process, or one that ended while we looked: it cannot be named.
            return false;
        }
        return false;
    }

    private static boolean isLockedBy(Path fdinfo, Path opened, Sought sought) {
        try {
            return !sought.isOurs(opened) && hasOfdLock(fdinfo, sought.locked) && isSame(opened, sought.file);
        } catch (IOException e) {
            // Closed while we looked.
            return false;
        }
    }

    /** fdinfo has a line like {@code lock: 1: OFDLCK ADVISORY WRITE -1 fe:01:1234 0 EOF} for each lock of that file. */
    private static boolean hasOfdLock(Path fdinfo, long locked) throws IOException {
        for (String line : Files.readAllLines(fdinfo)) {
            if (line.startsWith("lock:") && line.contains(" OFDLCK ") && isIn(line.substring(line.indexOf(':')).split(" +"), locked)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isIn(String[] words, long locked) {
        String end = words[words.length - 1];
        return Long.parseLong(words[words.length - 2]) <= locked && (end.equals("EOF") || Long.parseLong(end) >= locked);
    }

    /** Compares what stat says, since the device in the lock line is another on layered file systems. */
    private static boolean isSame(Path opened, FileStat file) throws IOException {
        return file.inode() == (Long) Files.getAttribute(opened, "unix:ino")
                && file.device() == (Long) Files.getAttribute(opened, "unix:dev");
    }

    private static NativeStruct flock(short type, long from, long length) {
        NativeStruct flock = NativeStruct.allocate(FLOCK_SIZE);
        flock.bytes().putShort(L_TYPE, type).putLong(L_START, from).putLong(L_LEN, length);
        return flock;
    }
}
