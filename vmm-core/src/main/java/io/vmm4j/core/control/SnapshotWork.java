package io.vmm4j.core.control;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.host.Threads;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.SnapshotTarget;
import io.vmm4j.core.snapshot.file.SnapshotFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a machine saved to directories, one at a time, on a thread of its own: the machine runs meanwhile. Keeps the last snapshot open, so that a diff
 * to it is made of what has been written since, and the one that the machine came from. Thread-safe.
 */
final class SnapshotWork implements AutoCloseable {

    /** Another time it may be: it is no mistake of who asks. */
    static final class NotNowException extends IllegalStateException {

        private static final long serialVersionUID = 1;

        NotNowException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** For one that is given up to be gone. */
    private static final long END_MILLIS = 30_000;

    private static final Logger LOG = LoggerFactory.getLogger(SnapshotWork.class);

    private final AtomicBoolean isBusy = new AtomicBoolean();
    /** That the machine came from; its owner's to close. */
    private volatile MachineSnapshot origin;
    /** Guarded by this, as what follows. */
    private MachineSnapshot last;
    private boolean isOver;
    private volatile boolean isClosed;
    /** Of the latest save. */
    private Thread worker;
    private AtomicBoolean isWorkGivenUp;

    /** Says what the machine came from, which stays open as long as that runs. */
    void cameFrom(MachineSnapshot snapshot) {
        origin = snapshot;
    }

    /**
     * Begins.
     *
     * @param thread what the thread is called
     * @return has it given up when closed, if that is still possible
     * @throws NotNowException when one is being saved already, the host has no thread for it, or this is closed
     */
    synchronized AutoCloseable begin(Vm vm, SnapshotOrder order, String thread, SnapshotProgress progress) {
        if (isClosed) {
            throw new NotNowException("the machine has ended", null);
        }
        if (!isBusy.compareAndSet(false, true)) {
            throw new NotNowException("a snapshot of the machine is being saved already", null);
        }
        AtomicBoolean isGivenUp = new AtomicBoolean();
        Thread saving = new Thread(() -> save(vm, order, progress, isGivenUp), thread);
        saving.setDaemon(true);
        try {
            Threads.start(saving);
            worker = saving;
            isWorkGivenUp = isGivenUp;
        } catch (IOException e) {
            isBusy.set(false);
            throw new NotNowException(e.getMessage(), e);
        }
        return () -> isGivenUp.set(true);
    }

    /**
     * Has a save that is under way given up, unless all of it is written, and waits until nothing is left of it and that was told; there is none
     * afterwards. Once the machine has ended. Does not wait for ever for a host that does not write.
     */
    @Override
    public void close() {
        Thread saving;
        synchronized (this) {
            isClosed = true;
            saving = worker;
            if (isWorkGivenUp != null) {
                isWorkGivenUp.set(true);
            }
        }
        if (saving != null && !Threads.joinUninterruptibly(saving, END_MILLIS)) {
            LOG.warn("a snapshot is still being saved: what there is of it is left behind");
        }
    }

    private void save(Vm vm, SnapshotOrder order, SnapshotProgress progress, AtomicBoolean isGivenUp) {
        Outcome outcome;
        try {
            outcome = tryToSave(vm, order, progress, isGivenUp);
        } finally {
            isBusy.set(false);
        }
        if (outcome.why() == null) {
            LOG.info("{}: saved as {}", vm.name(), order.directory());
            progress.done(outcome.id(), outcome.note());
        } else {
            LOG.warn("{}: not saved: {}", vm.name(), outcome.why());
            progress.failed(outcome.isRequest(), outcome.why());
        }
    }

    /** What has come of it: an id, or why not. */
    private record Outcome(String id, String note, boolean isRequest, String why) {

        static Outcome refused(Exception why) {
            boolean isOfHost = why instanceof SnapshotFileException file && file.isOfHost();
            return new Outcome(null, null, !isOfHost, why.getMessage());
        }

        static Outcome failed(Throwable why) {
            return new Outcome(null, null, false, why.getMessage() == null ? why.toString() : why.getMessage());
        }
    }

    private Outcome tryToSave(Vm vm, SnapshotOrder order, SnapshotProgress progress, AtomicBoolean isGivenUp) {
        SnapshotTarget target = SnapshotTarget.directory(order.directory());
        SnapshotTarget place = order.isReplaced() ? target.replacing() : target;
        try {
            place.check();
            if (order.diffOf() == null) {
                return save(vm, order, reporting(place, vm, progress, isGivenUp), isGivenUp);
            }
            try (Base base = base(order.diffOf())) {
                return save(vm, order, reporting(place, vm, progress, isGivenUp).diffTo(base.snapshot()), isGivenUp);
            }
        } catch (SnapshotException | IOException e) {
            return Outcome.refused(e); // before anything was done: what follows has its own
        } catch (RuntimeException | Error e) {
            LOG.error("{}: a snapshot met a fault", vm.name(), e);
            return Outcome.failed(e);
        }
    }

    private SnapshotTarget reporting(SnapshotTarget target, Vm vm, SnapshotProgress progress, AtomicBoolean isGivenUp) {
        long of = vm.config().machineConfig().memoryBytes();
        return target.onProgress(bytes -> {
            requireWanted(isGivenUp);
            progress.saved(bytes, of);
        });
    }

    private void requireWanted(AtomicBoolean isGivenUp) {
        if (isGivenUp.get()) {
            throw new CancellationException(isClosed ? "the machine has ended" : "nobody waits for the snapshot any more");
        }
    }

    /**
     * A snapshot that there is to be a diff to.
     *
     * @param isOpened whether it was opened for that
     */
    private record Base(MachineSnapshot snapshot, boolean isOpened) implements AutoCloseable {
        @Override
        public void close() {
            if (isOpened) {
                snapshot.close();
            }
        }
    }

    /** One that is known, of which is known what has been written since; else what is in the directory, to be compared page by page. */
    private Base base(Path directory) throws SnapshotException, IOException {
        String id = MachineSnapshot.idOf(directory);
        Optional<MachineSnapshot> known = known().filter(snapshot -> snapshot.id().equals(Optional.of(id))).findFirst();
        return known.isPresent() ? new Base(known.get(), false) : new Base(MachineSnapshot.open(directory), true);
    }

    private synchronized Stream<MachineSnapshot> known() {
        return Stream.of(Optional.ofNullable(last), Optional.ofNullable(origin)).flatMap(Optional::stream);
    }

    private Outcome save(Vm vm, SnapshotOrder order, SnapshotTarget target, AtomicBoolean isGivenUp) {
        boolean isHeld = false;
        boolean isKeptStill = false;
        try {
            if (order.then() != SnapshotOrder.Then.GO_ON && vm.state() == VmState.RUNNING) {
                vm.pause();
                isHeld = true;
            }
            MachineSnapshot snapshot = saved(vm, target, isGivenUp);
            Outcome outcome = new Outcome(snapshot.id().orElseThrow(), note(vm, order), false, null);
            keep(vm, snapshot);
            if (order.then() != SnapshotOrder.Then.GO_ON && vm.state() == VmState.RUNNING) {
                return new Outcome(null, null, false, order.directory() + " is saved, but the machine was resumed meanwhile, and goes on");
            }
            isKeptStill = !isGivenUp.get();
            if (isKeptStill && order.then() == SnapshotOrder.Then.STOP) {
                vm.stop("its snapshot is saved, and its end was asked for with it");
                vm.exit().join();
            }
            return outcome;
        } catch (SnapshotException | IOException | IllegalStateException e) {
            return Outcome.failed(e);
        } finally {
            if (isHeld && !isKeptStill) {
                goOn(vm);
            }
        }
    }

    private MachineSnapshot saved(Vm vm, SnapshotTarget target, AtomicBoolean isGivenUp) throws SnapshotException, IOException {
        MachineSnapshot snapshot = vm.snapshot();
        try {
            requireWanted(isGivenUp);
            snapshot.save(target);
            return snapshot;
        } catch (SnapshotException | IOException | RuntimeException | Error e) {
            snapshot.close();
            throw e;
        }
    }

    private static void goOn(Vm vm) {
        try {
            vm.resume();
        } catch (IllegalStateException e) {
            LOG.debug("{}: it has ended meanwhile: {}", vm.name(), e.getMessage());
        }
    }

    /** What is saved is of no use with an image that is written to from now on. */
    private static String note(Vm vm, SnapshotOrder order) {
        if (order.then() != SnapshotOrder.Then.GO_ON || vm.state() != VmState.RUNNING) {
            return null;
        }
        List<String> written = vm.config().drives().stream().filter(drive -> !drive.isReadOnly() && drive.overlay() == null && drive.socket() == null).map(DriveConfig::driveId).toList();
        return written.isEmpty() ? null : "the machine goes on and may write to its images (drive " + String.join(", ", written)
                + "): once it has, the snapshot is refused with them";
    }

    private void keep(Vm vm, MachineSnapshot snapshot) {
        MachineSnapshot before;
        boolean isFirst;
        synchronized (this) {
            if (isOver) {
                snapshot.close();
                return;
            }
            isFirst = last == null;
            before = last;
            last = snapshot;
        }
        if (before != null) {
            before.close();
        }
        if (isFirst) {
            vm.exit().thenRun(this::letGo);
        }
    }

    private synchronized void letGo() {
        isOver = true;
        if (last != null) {
            last.close();
            last = null;
        }
    }
}
