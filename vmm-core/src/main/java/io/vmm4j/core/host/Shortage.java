package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.FileSystemException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A host, or a limit of this process, that has no descriptors, threads or memory left, as against a file that is not as it should be: the
 * same calls tell of both.
 */
public final class Shortage {

    /**
     * What the first machine of a JVM takes while the JVM loads what it needs for it. A class or a library that cannot be loaded
     * for want of a descriptor is lost for the JVM's life.
     */
    private static final int TO_LOAD_WITH = 32;

    /** A machine has been built: all is loaded. */
    private static volatile boolean isLoaded;

    private Shortage() {
    }

    /**
     * Before the first machine of this JVM is built, or looked at: nothing that is not loaded yet has been touched.
     *
     * @throws IOException when the process has too few descriptors left to load what a machine needs
     */
    public static void requireRoomToLoad() throws IOException {
        if (isLoaded) {
            return;
        }
        Deque<Closeable> held = new ArrayDeque<>();
        try {
            while (held.size() < TO_LOAD_WITH) {
                held.push(new FileInputStream("/dev/null"));
            }
        } catch (FileNotFoundException e) {
            throw new IOException("this process has " + held.size() + " file descriptors left, and the first machine of a JVM takes up to "
                    + TO_LOAD_WITH + " to begin with: raise the limit (RLIMIT_NOFILE), as with ulimit -n", e);
        } finally {
            for (Closeable file : held) {
                file.close();
            }
        }
    }

    /** A machine has been built in this JVM. */
    public static void loaded() {
        isLoaded = true;
    }

    /**
     * Throws {@code failure} on, as the host's, when it is for want of descriptors, threads or memory.
     *
     * @param failure what was thrown where a file was opened, or what has that as a cause
     * @throws IOException with the resource, its limit and what to do, when that is what is wrong
     */
    public static void rethrow(Exception failure) throws IOException {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (Threads.isLackOfThreads(cause)) {
                throw new IOException(failure.getMessage(), failure);
            }
            if (cause instanceof LinuxException refusal) {
                if (refusal.isShortage()) {
                    throw failure instanceof LinuxException same ? same : new IOException(failure.getMessage(), failure);
                }
                return;
            }
            if (cause.getClass() == FileSystemException.class || cause instanceof SocketException) {
                String hint = hintWithoutDescriptors();
                if (!hint.isEmpty()) {
                    throw new IOException(failure.getMessage() + "; " + hint, failure);
                }
            }
        }
    }

    /**
     * What the host lacked when {@code failure} was thrown, as where a class or library could not be loaded for that: the resource, its limit
     * and what to do.
     *
     * @return one clause, or {@code null} when it is for another reason
     */
    public static String behind(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (text.contains("native thread")) {
                // The JVM tells of a class whose initialisation has failed by the text of the error alone.
                return "it has no thread left: " + limitOfThreads();
            }
            if (text.contains("Too many open files")) {
                return "this process has all the file descriptors that it may have (RLIMIT_NOFILE): raise the limit, as with ulimit -n";
            }
        }
        return null;
    }

    private static String limitOfThreads() {
        try {
            return ResourceLimits.ofThreads();
        } catch (LinkageError e) {
            return "raise the user's limit (RLIMIT_NPROC, ulimit -u), kernel.threads-max or the control group's pids.max";
        }
    }

    /** What the host refused, with the resource, its limit and what to do where it was for want of descriptors. */
    public static IOException named(IOException refusal) {
        for (Throwable cause = refusal; cause != null; cause = cause.getCause()) {
            if (cause instanceof LinuxException) {
                return refusal; // says so itself
            }
        }
        String hint = hintWithoutDescriptors();
        return hint.isEmpty() || String.valueOf(refusal.getMessage()).endsWith(hint) ? refusal
                : new IOException(refusal.getMessage() + "; " + hint, refusal);
    }

    /** The platform's exceptions carry the system's text, in whatever language, or none: a look tells better. */
    private static String hintWithoutDescriptors() {
        // Two: a selector, of two descriptors, gives back the first where there is none for the second.
        try (EventFd one = EventFd.create(); EventFd other = EventFd.create()) {
            return "";
        } catch (LinuxException e) {
            return e.isShortage() ? e.hint() : "";
        }
    }
}
