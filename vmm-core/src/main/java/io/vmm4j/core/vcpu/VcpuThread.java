package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.Threads;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.VcpuExit;
import io.vmm4j.kvm.VcpuExitHandler;
import io.vmm4j.kvm.libc.ThreadSignal;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The platform thread of one vCPU: {@code KVM_RUN} until told to stop. Nothing is allocated on an exit.
 *
 * <p>{@link #requestStop} comes from any thread. It raises a flag that the loop reads before each run, then
 * {@code kvm_run.immediate_exit}, then a signal: whichever side of the check the vCPU is on, it comes out.
 */
public final class VcpuThread {

    private static final Logger LOG = LoggerFactory.getLogger(VcpuThread.class);

    private final KvmVcpu vcpu;
    private final VcpuExitHandler handler;
    private final VcpuEvents events;
    private final Thread thread;
    private volatile boolean stopRequested;
    private volatile ThreadSignal.Target signalTarget;

    /**
     * @param vcpu    set up and ready to run; closed by its owner after {@link #join}
     * @param handler serves port and memory-mapped I/O
     * @param events  hears why the vCPU stopped, unless it was asked to
     */
    public VcpuThread(KvmVcpu vcpu, VcpuExitHandler handler, VcpuEvents events) {
        this.vcpu = vcpu;
        this.handler = handler;
        this.events = events;
        this.thread = new Thread(this::run, "vcpu-" + vcpu.id());
        thread.setDaemon(true);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    /** Asks the vCPU to leave the guest for good; does not wait. */
    public void requestStop() {
        stopRequested = true;
        vcpu.requestExit();
        ThreadSignal.Target target = signalTarget;
        if (target != null) {
            target.kick();
        }
    }

    /** Waits for the end of the thread. Not from a vCPU thread. */
    public void join() {
        Threads.joinUninterruptibly(thread);
    }

    private void run() {
        try {
            // Published before the flag is read: a stop that missed the target is seen by the loop's first check.
            signalTarget = ThreadSignal.current();
            loop();
        } catch (KvmException e) {
            LOG.error("vCPU {} cannot run", vcpu.id(), e);
            events.end(new VmExit(VmExitReason.HOST_ERROR, "vCPU " + vcpu.id() + ": " + e.getMessage()));
        } catch (RuntimeException | Error e) {
            LOG.error("vCPU {} met a fault of the monitor", vcpu.id(), e);
            events.end(new VmExit(VmExitReason.BUG, "vCPU " + vcpu.id() + ": internal error: " + e));
        } finally {
            // The kernel may reuse the thread id from here on.
            signalTarget = null;
        }
    }

    private void loop() throws KvmException {
        while (!stopRequested) {
            VcpuExit exit = vcpu.run(handler);
            switch (exit) {
                case HANDLED, INTERRUPTED -> { }
                default -> {
                    events.end(VcpuExits.describe(vcpu, exit));
                    return;
                }
            }
        }
    }
}
