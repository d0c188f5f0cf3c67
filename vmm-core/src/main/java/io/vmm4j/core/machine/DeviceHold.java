package io.vmm4j.core.machine;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.vhostuser.VhostUserDevice;
import io.vmm4j.devices.virtio.blk.VirtioBlk;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/**
 * Has the devices of a machine stand still, once no vCPU runs: drives and back ends end what they have in work and take up nothing more, and the loops
 * of all others run only what the host's side asks. What the guest and the host's files have for the devices waits. Thread-safe.
 */
final class DeviceHold {

    /** How soon who waits for the end of a pause looks whether the machine has ended. */
    private static final long RECHECK_MILLIS = 20;

    private final List<EpollEventLoop> loops = new ArrayList<>();
    /** By name, for messages. */
    private final Map<String, Pausing> served = new LinkedHashMap<>();
    /** Written under this object's lock. */
    private volatile boolean isOn;

    /** A device that stands still of its own accord when it is asked to. */
    private interface Pausing {

        /** Completes when it does. */
        CompletableFuture<Void> pause();

        void resume();
    }

    /** @param loop owns the devices that are there from the start, but for the drives' queues */
    DeviceHold(EpollEventLoop loop) {
        loops.add(loop);
    }

    /** A loop of devices that come later, before it is started; those that have ended are forgotten. */
    synchronized void add(EpollEventLoop loop) {
        loops.removeIf(EpollEventLoop::hasEnded);
        loops.add(loop);
        if (isOn) {
            loop.hold();
        }
    }

    /** A drive that is there from now on, by its id. */
    void add(String id, VirtioBlk drive) {
        add(driveName(id), new Pausing() {
            @Override
            public CompletableFuture<Void> pause() {
                return drive.pause();
            }

            @Override
            public void resume() {
                drive.resume();
            }
        });
    }

    /** A device that is there from now on, and its back end stands still with it. */
    void add(String name, VhostUserDevice device) {
        add(name, new Pausing() {
            @Override
            public CompletableFuture<Void> pause() {
                return device.pause();
            }

            @Override
            public void resume() {
                device.resume();
            }
        });
    }

    private synchronized void add(String name, Pausing device) {
        served.put(name, device);
        if (isOn) {
            device.pause(); // nobody has driven it yet: there is nothing to wait for
        }
    }

    private static String driveName(String id) {
        return "drive " + id;
    }

    /** A drive that is not there any more. */
    void remove(String id) {
        removeNamed(driveName(id));
    }

    /** A device that is not there any more, by the name that it was added by. */
    synchronized void removeNamed(String name) {
        served.remove(name);
    }

    /**
     * Waits {@code nanos} at most until all devices stand still; all are asked at once. Not from a loop. To be ended by {@link #end} in any case.
     *
     * @return empty when they do; else what does not
     */
    synchronized Optional<String> begin(long nanos) {
        long end = System.nanoTime() + nanos;
        isOn = true;
        Map<String, CompletableFuture<Void>> pauses = new LinkedHashMap<>();
        served.forEach((name, device) -> pauses.put(name, device.pause()));
        loops.forEach(EpollEventLoop::hold);
        for (Map.Entry<String, CompletableFuture<Void>> pause : pauses.entrySet()) {
            if (!isOver(pause.getValue(), end)) {
                return Optional.of(pause.getKey() + " has a request in work");
            }
        }
        return loops.stream().filter(loop -> !loop.awaitHeld(end - System.nanoTime())).findFirst()
                .map(loop -> "a device keeps the thread " + loop.thread().getName());
    }

    private static boolean isOver(CompletableFuture<Void> pause, long end) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    pause.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
                    return true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    return false;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a drive cannot be paused", e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether devices are to stand still. */
    boolean isOn() {
        return isOn;
    }

    /**
     * Runs {@code action}, which is short and touches what is the guest's, once the devices need not stand still; a pause that comes waits for it.
     * Not from a loop.
     *
     * @param hurry ends the wait when it becomes true, and the action is not run
     */
    synchronized void runUnlessOn(BooleanSupplier hurry, Runnable action) {
        boolean interrupted = false;
        while (isOn && !hurry.getAsBoolean()) {
            try {
                wait(RECHECK_MILLIS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (!isOn) {
            action.run();
        }
    }

    /** Lets all go on. */
    synchronized void end() {
        isOn = false;
        notifyAll();
        loops.forEach(EpollEventLoop::goOn);
        served.values().forEach(Pausing::resume);
    }
}
