package io.vmm4j.core.memory;

import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.Threads;
import io.vmm4j.core.snapshot.MemoryHandlerException;
import io.vmm4j.kvm.libc.Epoll;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.EventFd;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.Mapping;
import io.vmm4j.kvm.libc.OtherProcess;
import io.vmm4j.kvm.libc.UnixSocket;
import io.vmm4j.kvm.libc.Userfault;
import io.vmm4j.kvm.libc.UserfaultGuard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Another process that brings in the pages of a machine's RAM, by userfaultfd(2) and Firecracker's handover: what is missing is asked of it when it is
 * touched, and what the balloon gives back is told.
 *
 * <p>This process keeps a descriptor of the userfaultfd too. So whoever waits for a page waits also when the handler has died, and sees no zeros in its
 * place: the machine's vCPUs are told to stop first, and then {@link #letGo} has all go on. A thread of Java that waits for a page reaches no safepoint, so
 * that a collection could keep all Java code from letting go: {@link UserfaultGuard} does in that case.
 *
 * <p>Thread-safe.
 */
public final class MemoryHandler implements AutoCloseable {

    /** From the handler's death on, for Java to stop the machine in order. */
    private static final int GUARD_MILLIS = 3000;
    /** How long a handler may have others wait in front. */
    private static final long CONNECT_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final int STOP = 0;
    private static final int SOCKET = 1;
    private static final int PROCESS = 2;

    private static final Logger LOG = LoggerFactory.getLogger(MemoryHandler.class);

    private final Path path;
    private final UnixSocket socket;
    private final Userfault userfault;
    private final Mapping ram;
    private final UserfaultGuard guard;
    private final Epoll epoll;
    private final EventFd stop;
    private Consumer<String> onLoss;
    private Thread watcher;
    private Thread guardThread;
    /** That of the handler, once its socket is no sign of it any more. */
    private OtherProcess process;
    private volatile boolean isLost;
    private volatile boolean isMade;
    /** Whether the guard has had all go on, and so missing pages read as zeros. */
    private volatile boolean hasGuardFired;
    private boolean isLetGo;

    private MemoryHandler(Path path, UnixSocket socket, Userfault userfault, Mapping ram, UserfaultGuard guard, Epoll epoll, EventFd stop) {
        this.path = path;
        this.socket = socket;
        this.userfault = userfault;
        this.ram = ram;
        this.guard = guard;
        this.epoll = epoll;
        this.stop = stop;
    }

    /**
     * Hands RAM over, of which nothing has been touched.
     *
     * @param path     the handler's socket
     * @param ram      all of it
     * @param regions  of the RAM, by which it is in the memory file
     * @param pageSize of the pages it is made of, in bytes
     * @throws MemoryHandlerException naming the socket, when nobody listens there, or this process may have no userfaultfd
     */
    public static MemoryHandler handOver(Path path, Mapping ram, List<RamHistory.Slot> regions, int pageSize) throws MemoryHandlerException {
        Userfault userfault = null;
        UnixSocket socket = null;
        try {
            socket = connect(path);
            userfault = userfault(path, ram);
            send(path, socket, HandlerMessage.of(ram.address(), regions, pageSize), userfault.fd());
            return watched(path, socket, userfault, ram);
        } catch (IOException | RuntimeException | Error e) {
            if (userfault != null) {
                userfault.close();
            }
            if (socket != null) {
                socket.close();
            }
            throw e instanceof LinuxException refusal ? new MemoryHandlerException(path, "cannot be watched: " + refusal.getMessage(), refusal) : rethrown(e);
        }
    }

    private static MemoryHandlerException rethrown(Throwable e) {
        if (e instanceof MemoryHandlerException refusal) {
            return refusal;
        }
        if (e instanceof RuntimeException fault) {
            throw fault;
        }
        throw (Error) e;
    }

    private static UnixSocket connect(Path path) throws MemoryHandlerException {
        UnixSocket socket = null;
        try {
            socket = UnixSocket.open();
            long end = System.nanoTime() + CONNECT_NANOS;
            while (!socket.connect(path)) {
                if (System.nanoTime() - end > 0) {
                    throw new LinuxException("connect(" + path + ")", Errno.ETIMEDOUT, "too many wait there already");
                }
                LockSupport.parkNanos(RETRY_NANOS);
            }
            return socket;
        } catch (LinuxException e) {
            if (socket != null) {
                socket.close();
            }
            throw new MemoryHandlerException(path, "cannot be reached: " + Errno.message(e.errno()) + (e.hint().isEmpty() ? "" : "; " + e.hint()), e);
        }
    }

    private static Userfault userfault(Path path, Mapping ram) throws MemoryHandlerException {
        Userfault userfault = null;
        try {
            userfault = Userfault.open(Userfault.UFFD_FEATURE_EVENT_REMOVE);
            userfault.register(ram.address(), ram.length());
            return userfault;
        } catch (LinuxException e) {
            if (userfault != null) {
                userfault.close();
            }
            throw new MemoryHandlerException(path, "has no use here: " + e.getMessage(), e);
        }
    }

    private static void send(Path path, UnixSocket socket, ByteBuffer message, Fd descriptor) throws MemoryHandlerException {
        try {
            socket.send(message, descriptor);
        } catch (LinuxException e) {
            throw new MemoryHandlerException(path, "does not take the memory: " + e.getMessage(), e);
        }
        if (message.hasRemaining()) {
            throw new MemoryHandlerException(path, "does not take the memory: there is no room in its socket", null);
        }
    }

    private static MemoryHandler watched(Path path, UnixSocket socket, Userfault userfault, Mapping ram) throws LinuxException {
        Epoll epoll = Epoll.create(PROCESS + 1);
        EventFd stop = null;
        try {
            stop = EventFd.create();
            epoll.add(stop.fd(), Epoll.EPOLLIN, STOP);
            epoll.add(socket.fd(), 0, SOCKET); // hanging up is told without being asked for
            UserfaultGuard guard = new UserfaultGuard(userfault, ram.address(), ram.length(), GUARD_MILLIS);
            return new MemoryHandler(path, socket, userfault, ram, guard, epoll, stop);
        } catch (LinuxException | RuntimeException | Error e) {
            epoll.close();
            if (stop != null) {
                stop.close();
            }
            throw e;
        }
    }

    /**
     * Begins to watch over it. Once.
     *
     * @param listener hears, on a thread of its own, of the handler's death, which is the machine's end
     * @param own      counts the threads
     * @throws IOException when the host has no thread
     */
    public void watch(Consumer<String> listener, MachineThreads own) throws IOException {
        onLoss = listener;
        watcher = thread("vm-memory", this::watchAll, own);
        guardOver(socket.fd(), 0, own);
        Threads.start(watcher);
    }

    private static Thread thread(String name, Runnable work, MachineThreads own) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        own.add(thread, MachineThreads.Role.GUEST);
        return thread;
    }

    private synchronized void guardOver(int descriptor, int events, MachineThreads own) throws IOException {
        if (!isLetGo) {
            Thread thread = thread("vm-memory-guard", () -> runGuard(descriptor, events), own);
            Threads.start(thread);
            guardThread = thread;
        }
    }

    private void runGuard(int descriptor, int events) {
        if (guard.run(descriptor, events)) {
            hasGuardFired = true;
        }
    }

    private void watchAll() {
        try {
            while (true) {
                int count = epoll.await(-1);
                for (int i = 0; i < count; i++) {
                    if (epoll.token(i) == STOP) {
                        return;
                    }
                    if (epoll.token(i) == PROCESS || !goesOnWithoutSocket()) {
                        lose("has gone: memory that it had not brought in is lost");
                        return;
                    }
                }
            }
        } catch (IOException | UncheckedIOException e) {
            lose("cannot be watched any more: " + e.getMessage());
        }
    }

    /** Handlers may close the socket once they have the memory. Then their process tells. */
    private synchronized boolean goesOnWithoutSocket() throws IOException {
        OtherProcess found = isLetGo ? null : HandlerProcess.serving(socket);
        if (found == null) {
            return false;
        }
        process = found;
        epoll.remove(socket.fd());
        epoll.add(process.fd(), Epoll.EPOLLIN, PROCESS);
        stopGuard();
        if (hasGuardFired) {
            return false; // it took too long to find the process: the memory is not the handler's any more
        }
        guardOver(process.fd(), Fd.POLLIN, new MachineThreads());
        LOG.debug("memory handler {} has closed its socket, and serves on", path);
        return true;
    }

    private void lose(String what) {
        isLost = true;
        onLoss.accept("memory handler " + path + " " + what);
        if (!isMade) {
            letGo(); // no vCPU runs: whoever puts the machine together may be waiting
        }
    }

    /**
     * The machine is put together.
     *
     * @throws MemoryHandlerException when the handler has died on the way, and so what was read of the memory is nothing
     */
    public void made() throws MemoryHandlerException {
        isMade = true;
        if (isLost) {
            throw new MemoryHandlerException(path, "has gone while the machine was put together", null);
        }
    }

    /** Whether the handler is known to have died. */
    public boolean isLost() {
        return isLost;
    }

    private void stopGuard() {
        if (guardThread != null) {
            guard.stop();
            Threads.joinUninterruptibly(guardThread);
            guardThread = null;
        }
    }

    /** Has whoever waits for a page go on; pages that are missing read as zero from here on. The vCPUs have been told to stop. */
    public synchronized void letGo() {
        if (isLetGo) {
            return;
        }
        isLetGo = true;
        stopGuard();
        try {
            userfault.unregister(ram.address(), ram.length());
            while (userfault.next() != null) {
                continue; // a removal that nobody has read of keeps who removes
            }
        } catch (LinuxException e) {
            LOG.debug("memory handler {}: {}", path, e.getMessage()); // the guard has done it
        }
        userfault.close();
        guard.close();
    }

    /** Lets go of the handler, which finds that by its socket's end. Not from the listener of {@link #watch}. */
    @Override
    public void close() {
        stop.signal();
        if (watcher != null) {
            Threads.joinUninterruptibly(watcher);
        }
        letGo();
        epoll.close();
        stop.close();
        socket.close();
        if (process != null) {
            process.close();
        }
    }
}
