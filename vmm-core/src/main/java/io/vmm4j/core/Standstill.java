package io.vmm4j.core;

import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.Machine;
import io.vmm4j.core.snapshot.SnapshotException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Has a machine's guest run, stand still and go on, one change at a time; the end waits for none of them. Thread-safe. */
final class Standstill {

    private static final Logger LOG = LoggerFactory.getLogger(Vm.class);

    private final Machine machine;
    private final MachineThreads own;
    private final AtomicReference<VmState> state;
    private final Consumer<VmState> entered;
    /** Held while the guest is started, paused or resumed, so that state and vCPUs agree; the end does not take it. */
    private final Object running = new Object();

    /** @param entered hears of each state that comes */
    Standstill(Machine machine, MachineThreads own, AtomicReference<VmState> state, Consumer<VmState> entered) {
        this.machine = machine;
        this.own = own;
        this.state = state;
        this.entered = entered;
    }

    /** As {@link Vm#start}; false when the end has come before. */
    boolean start() {
        synchronized (running) {
            VmState before = state.compareAndExchange(VmState.CREATED, VmState.RUNNING);
            if (before.compareTo(VmState.STOPPING) >= 0) {
                return false;
            }
            if (before != VmState.CREATED) {
                throw new IllegalStateException(own.prefix() + "a machine that is " + before.word() + " cannot be started");
            }
            // Before the guest can end.
            entered.accept(VmState.RUNNING);
            machine.start();
        }
        return true;
    }

    /** As {@link Vm#startPaused}. */
    void startPaused(Duration within) {
        own.requireOther("startPaused()");
        synchronized (running) {
            if (state.get() != VmState.CREATED) {
                throw new IllegalStateException(own.prefix() + "a machine that is " + state.get().word() + " cannot be started");
            }
            Optional<String> busy = machine.startPaused(within);
            if (busy.isPresent()) {
                throw notPaused(busy.get(), within);
            }
            if (!state.compareAndSet(VmState.CREATED, VmState.PAUSED)) {
                throw new IllegalStateException(own.prefix() + "a machine that is " + state.get().word() + " cannot be started");
            }
            entered.accept(VmState.PAUSED);
        }
    }

    /** As {@link Vm#pause(Duration)}. */
    void pause(Duration within) {
        own.requireOther("pause()");
        synchronized (running) {
            if (state.get() == VmState.PAUSED) {
                return;
            }
            Optional<String> busy = state.get() == VmState.RUNNING ? machine.pause(within) : Optional.empty();
            if (busy.isPresent()) {
                throw notPaused(busy.get(), within);
            }
            if (!state.compareAndSet(VmState.RUNNING, VmState.PAUSED)) {
                throw new IllegalStateException(own.prefix() + "a machine that is " + state.get().word() + " cannot be paused");
            }
            entered.accept(VmState.PAUSED);
        }
        LOG.info("{}guest paused", own.prefix());
    }

    /** As {@link Vm#resume}. */
    void resume() {
        own.requireOther("resume()");
        synchronized (running) {
            if (state.get() == VmState.RUNNING) {
                return;
            }
            if (!state.compareAndSet(VmState.PAUSED, VmState.RUNNING)) {
                throw new IllegalStateException(own.prefix() + "a machine that is " + state.get().word() + " cannot be resumed");
            }
            machine.resume();
            entered.accept(VmState.RUNNING);
        }
        LOG.info("{}guest resumed", own.prefix());
    }

    /** What is done while the guest stands still. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws SnapshotException, IOException;
    }

    /**
     * Does {@code work} while the guest stands still, which goes on afterwards if it ran.
     *
     * @param call for messages, such as {@code snapshot()}
     * @throws PauseException        when it does not come to a stand; nothing was done then
     * @throws IllegalStateException when it has not been started, or has ended
     */
    <T> T during(String call, Duration within, Work<T> work) throws SnapshotException, IOException {
        own.requireOther(call);
        synchronized (running) {
            VmState before = state.get();
            if (before != VmState.RUNNING && before != VmState.PAUSED) {
                throw new IllegalStateException(own.prefix() + call + " of a machine that is " + before.word());
            }
            if (before == VmState.PAUSED) {
                return work.run();
            }
            Optional<String> busy = machine.pause(within);
            if (busy.isPresent()) {
                throw notPaused(busy.get(), within);
            }
            try {
                return work.run();
            } finally {
                machine.resume();
            }
        }
    }

    private PauseException notPaused(String busy, Duration within) {
        return new PauseException(own.prefix() + "the guest was not paused, " + busy + " after " + TimeUnit.MILLISECONDS.convert(within) + " ms; it runs on");
    }
}
