package io.vmm4j.core.machine;

import io.vmm4j.core.control.DeviceControls;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.vcpu.VcpuThread;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An assembled machine: owns its threads and everything they use, and closes it all in the reverse order of creation.
 *
 * <p>{@link #start} and {@link #close} may race; whichever comes second sees the other's work.
 */
public final class Machine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Machine.class);

    private final List<VcpuThread> vcpus;
    private final List<EpollEventLoop> loops;
    private final Deque<AutoCloseable> owned;
    private final DeviceControls controls;
    private boolean closed;

    /**
     * @param vcpus set up, not started
     * @param loops started; closed after the vCPUs have ended
     * @param owned last created first; closed after the loops have ended
     * @param controls what can be changed about its devices
     */
    Machine(List<VcpuThread> vcpus, List<EpollEventLoop> loops, Deque<AutoCloseable> owned, DeviceControls controls) {
        this.vcpus = List.copyOf(vcpus);
        this.loops = List.copyOf(loops);
        this.owned = new ArrayDeque<>(owned);
        this.controls = controls;
    }

    /** What can be changed about its devices while it runs. */
    public DeviceControls controls() {
        return controls;
    }

    /** Starts the vCPUs; does nothing once closed. */
    public synchronized void start() {
        if (!closed) {
            vcpus.forEach(VcpuThread::start);
        }
    }

    /**
     * Takes the vCPUs out of the guest, ends every thread and gives back every resource. Not from a thread of the
     * machine. A second call does nothing.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        vcpus.forEach(VcpuThread::requestStop);
        vcpus.forEach(VcpuThread::join);
        loops.forEach(EpollEventLoop::close);
        closeAll(owned);
    }

    /** Closes all of {@code owned}, first to last; a failure is logged and does not keep the others from being closed. */
    static void closeAll(Deque<AutoCloseable> owned) {
        while (!owned.isEmpty()) {
            AutoCloseable resource = owned.pop();
            try {
                resource.close();
            } catch (Exception e) {
                LOG.warn("{} was not closed in order: {}", resource.getClass().getSimpleName(), e.toString());
            }
        }
    }
}
