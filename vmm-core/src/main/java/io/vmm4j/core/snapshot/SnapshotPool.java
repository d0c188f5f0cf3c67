package io.vmm4j.core.snapshot;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps machines ready that have come from a snapshot and have not been started: who needs one gets it at once, and a thread of the pool's makes the next.
 * Thread-safe.
 *
 * <pre>{@code
 * try (SnapshotPool pool = SnapshotPool.of(snapshot, 16, restore -> restore.vsock(sockets.next()).build())) {
 *     try (Vm vm = pool.take()) {
 *         vm.start();
 *     }
 * }
 * }</pre>
 */
public final class SnapshotPool implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotPool.class);

    /** Makes a machine: says what is its own of the host, such as a socket, and builds it. Called on the pool's thread, or on one that takes. */
    @FunctionalInterface
    public interface Maker {
        Vm make(VmRestore restore) throws ConfigException, IOException;
    }

    private final MachineSnapshot snapshot;
    private final int size;
    private final Maker maker;
    private final Thread refiller;
    /** Guarded by this, as all below. */
    private final Deque<Vm> ready = new ArrayDeque<>();
    private boolean isClosed;
    /** The last machine could not be made: none is tried again before one is asked for. */
    private boolean hasFailed;

    private SnapshotPool(MachineSnapshot snapshot, int size, Maker maker) {
        this.snapshot = snapshot;
        this.size = size;
        this.maker = maker;
        this.refiller = new Thread(this::refill, "snapshot-pool");
        refiller.setDaemon(true);
    }

    /**
     * Begins to make machines.
     *
     * @param snapshot stays open as long as the pool
     * @param size     machines to keep ready, 1 or more
     */
    public static SnapshotPool of(MachineSnapshot snapshot, int size, Maker maker) {
        if (size < 1) {
            throw new IllegalArgumentException("a pool of " + size + " machines");
        }
        SnapshotPool pool = new SnapshotPool(Objects.requireNonNull(snapshot, "snapshot"), size, Objects.requireNonNull(maker, "maker"));
        pool.refiller.start();
        return pool;
    }

    /**
     * A machine, made and not started, which is the caller's to close. When none is ready it is made here.
     *
     * @throws ConfigException       when it cannot be made, as {@link VmRestore#build} has it
     * @throws IOException           when the host refuses
     * @throws IllegalStateException when the pool is closed
     */
    public Vm take() throws ConfigException, IOException {
        synchronized (this) {
            if (isClosed) {
                throw new IllegalStateException("the pool is closed");
            }
            hasFailed = false;
            Vm vm = ready.poll();
            notifyAll();
            if (vm != null) {
                return vm;
            }
        }
        return maker.make(snapshot.restore());
    }

    /** Machines that are ready now. */
    public synchronized int ready() {
        return ready.size();
    }

    private void refill() {
        while (awaitNeed()) {
            Vm vm = null;
            try {
                vm = maker.make(snapshot.restore());
            } catch (ConfigException | IOException | RuntimeException e) {
                LOG.warn("a machine for the pool cannot be made, and is tried for again when one is taken: {}", e.getMessage());
            }
            if (!keep(vm)) {
                vm.close();
            }
        }
    }

    private synchronized boolean awaitNeed() {
        while (!isClosed && (hasFailed || ready.size() >= size)) {
            try {
                wait();
            } catch (InterruptedException e) {
                return false; // by nobody of ours: the pool hands out what it has, and then makes them where they are taken
            }
        }
        return !isClosed;
    }

    private synchronized boolean keep(Vm vm) {
        if (vm == null) {
            hasFailed = true;
            return true;
        }
        if (!isClosed) {
            ready.add(vm);
            return true;
        }
        return false;
    }

    /** Closes the machines that are ready; those that were taken are their takers'. A second call does nothing. */
    @Override
    public void close() {
        List<Vm> left;
        synchronized (this) {
            isClosed = true;
            left = new ArrayList<>(ready);
            ready.clear();
            notifyAll();
        }
        joinRefiller();
        Vm.closeAll(left);
    }

    private void joinRefiller() {
        boolean interrupted = false;
        while (refiller.isAlive()) {
            try {
                refiller.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
