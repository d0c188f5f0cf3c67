package io.vmm4j.core.host;

import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ResourceLimits;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystemException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.TimeZone;

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
    /** A socket with its directory, its clients' way in and the first of them; a drive's image and loops; a queue pair's; a vCPU's. */
    private static final int OF_SOCKET = 8;
    private static final int OF_DRIVE = 4;
    private static final int OF_QUEUE_PAIR = 6;
    private static final int OF_VCPU = 2;
    /** A limit with which a process is never short of them while it loads. */
    private static final int AMPLE = 1024;

    /** A machine has been built: all is loaded. */
    private static volatile boolean isLoaded;

    private Shortage() {
    }

    /**
     * Before the first machine of this JVM is built, or looked at: nothing that is not loaded yet has been touched.
     *
     * @param config the machine, whose own files and sockets are there while more is loaded
     * @throws IOException when the process has too few descriptors left to load what a machine needs
     */
    public static void requireRoomToLoad(VmConfig config) throws IOException {
        if (isLoaded) {
            return;
        }
        int needed = TO_LOAD_WITH + ownOf(config);
        hold(needed);
        if (ResourceLimits.descriptors() < AMPLE) {
            preload();
        }
    }

    private static int ownOf(VmConfig config) {
        // Not checked yet: a number may be any.
        int sockets = (config.serial().isStdio() || config.serial().isNone() ? 0 : 1) + (config.console() == null || config.console().path().equals(SerialConfig.STDIO) ? 0 : 1)
                + (config.vsock() == null ? 0 : 1);
        int pairs = config.networkInterfaces().stream().mapToInt(NetworkInterfaceConfig::queuePairs)
                .map(pairsOfOne -> bounded(pairsOfOne, NetworkInterfaceConfig.MAX_QUEUE_PAIRS)).sum();
        int vcpus = bounded(config.machineConfig().vcpuCount(), MachineConfig.MAX_VCPU_COUNT);
        return sockets * OF_SOCKET + config.drives().size() * OF_DRIVE + pairs * OF_QUEUE_PAIR + vcpus * OF_VCPU;
    }

    private static int bounded(int number, int most) {
        return Math.max(0, Math.min(number, most));
    }

    /** What is otherwise loaded when the descriptors may be used up: the time zone, for the log, and the library behind sockets' options. */
    private static void preload() throws IOException {
        TimeZone.getDefault().getOffset(System.currentTimeMillis());
        try (SocketChannel any = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            any.supportedOptions();
        }
    }

    private static void hold(int needed) throws IOException {
        Deque<Closeable> held = new ArrayDeque<>();
        try {
            while (held.size() < needed) {
                held.push(new FileInputStream("/dev/null"));
            }
        } catch (FileNotFoundException e) {
            throw new IOException("this process has " + held.size() + " file descriptors left, and the first machine of a JVM takes up to "
                    + needed + " to begin with: raise the limit (RLIMIT_NOFILE), as with ulimit -n", e);
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
