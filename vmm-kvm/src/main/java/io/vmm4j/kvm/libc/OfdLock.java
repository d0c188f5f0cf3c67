package io.vmm4j.kvm.libc;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Open-file-description locks (fcntl F_OFD_SETLK) on a whole file: held by the open file rather than the process, so
 * that two machines in one process exclude each other too. The lock ends when the last descriptor of the open file is
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
    private static final int L_PID = 24;
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
        NativeStruct flock = flock(exclusive ? F_WRLCK : F_RDLCK);
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
        if (LibC.fcntl(fd.value(), F_OFD_SETLK, flock(F_UNLCK)) < 0) {
            throw new LinuxException("fcntl(F_OFD_SETLK)", LibC.errno());
        }
    }

    /**
     * The process that holds a lock in the way of the one asked for. The kernel names it for classic locks only; for
     * open-file-description locks, those of /proc/PID/fdinfo that may be read are searched, up to a bound.
     *
     * @return empty when nothing is in the way (any more) or the holder cannot be seen
     */
    public static OptionalLong holder(Fd fd, boolean exclusive) throws LinuxException {
        NativeStruct flock = flock(exclusive ? F_WRLCK : F_RDLCK);
        if (LibC.fcntl(fd.value(), F_OFD_GETLK, flock) < 0) {
            throw new LinuxException("fcntl(F_OFD_GETLK)", LibC.errno());
        }
        if (flock.bytes().getShort(L_TYPE) == F_UNLCK) {
            return OptionalLong.empty();
        }
        int pid = flock.bytes().getInt(L_PID);
        return pid > 0 ? OptionalLong.of(pid) : search(fd.stat());
    }

    private static OptionalLong search(FileStat file) {
        int[] left = {MAX_FILES_SEARCHED};
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                if (holdsLock(process, file, left)) {
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
    private static boolean holdsLock(Path process, FileStat file, int[] left) {
        try (DirectoryStream<Path> infos = Files.newDirectoryStream(process.resolve("fdinfo"))) {
            for (Path info : infos) {
                if (left[0]-- <= 0) {
                    return false;
                }
                if (isLockedBy(info, process.resolve("fd").resolve(info.getFileName()), file)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Another user's process, or one that ended while we looked: it cannot be named.
            return false;
        }
        return false;
    }

    private static boolean isLockedBy(Path fdinfo, Path opened, FileStat file) {
        try {
            return hasOfdLock(fdinfo) && isSame(opened, file);
        } catch (IOException e) {
            // Closed while we looked.
            return false;
        }
    }

    /** fdinfo has a line like {@code lock: 1: OFDLCK ADVISORY WRITE -1 fe:01:1234 0 EOF} for each lock of that file. */
    private static boolean hasOfdLock(Path fdinfo) throws IOException {
        for (String line : Files.readAllLines(fdinfo)) {
            if (line.startsWith("lock:") && line.contains(" OFDLCK ")) {
                return true;
            }
        }
        return false;
    }

    /** Compares what stat says, since the device in the lock line is another on layered file systems. */
    private static boolean isSame(Path opened, FileStat file) throws IOException {
        return file.inode() == (Long) Files.getAttribute(opened, "unix:ino")
                && file.device() == (Long) Files.getAttribute(opened, "unix:dev");
    }

    private static NativeStruct flock(short type) {
        NativeStruct flock = NativeStruct.allocate(FLOCK_SIZE);
        flock.bytes().putShort(L_TYPE, type);
        return flock;
    }
}
