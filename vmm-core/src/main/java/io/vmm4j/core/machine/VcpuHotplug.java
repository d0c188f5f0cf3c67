package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEvent;
import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.acpi.CpuController;
import io.vmm4j.core.control.VcpuResizeException;
import io.vmm4j.devices.state.StateException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes the number of vCPUs of a running guest. vCPUs are added from the lowest number up and removed from the highest
 * down; vCPU 0 stays.
 *
 * <p>A vCPU is {@linkplain Processors#bring brought} before the guest hears of it, and parked when the guest has given it
 * back. What the guest has taken note of but not confirmed stays and is offered again next time; what it has not even taken
 * note of is withdrawn. What it has been asked for before and may still give back is waited for first.
 *
 * <p>A change is done when the guest has answered each {@linkplain VcpuQuestion question} and has the number then, and a
 * moment later too: some take what they are offered and give it back at once.
 *
 * <p>Thread-safe. One change at a time, on a thread of its own; the guest's answers come on vCPU threads.
 */
final class VcpuHotplug implements ChangeStop.Changes, AutoCloseable {

    /** Who has the vCPUs. */
    interface Processors {

        /** Lets a vCPU run that does not; as {@link Vcpus#bring}. */
        void bring(int cpu) throws IOException;

        /** Parks a vCPU; does not wait and takes no lock that is held while waiting for vCPUs. */
        void dismiss(int cpu);
    }

    private static final Logger LOG = LoggerFactory.getLogger(VcpuHotplug.class);

    /** How long the guest must have kept what it took. */
    private static final long SETTLE_MILLIS = 200;

    private static final String ENDED = "the machine has ended";

    private final int max;
    private final CpuController controller;
    private final AcpiEventDevice eventDevice;
    private final Executor changes;
    /** By vCPU, what is asked about it. */
    private final AtomicReferenceArray<VcpuQuestion> questions;
    /** Completes when the guest gives back a vCPU that it was not asked for, or the machine ends. */
    private volatile CompletableFuture<Void> upset = new CompletableFuture<>();
    private volatile Processors processors;
    private CompletableFuture<Void> current = CompletableFuture.completedFuture(null);
    private volatile boolean isClosed;
    /** Guarded by this. */
    private boolean isStopped;

    /**
     * @param max    vCPUs there can be
     * @param atBoot vCPUs from the start
     * @param changes runs a change, which waits for the guest
     */
    VcpuHotplug(int max, int atBoot, AcpiEventDevice eventDevice, Executor changes) {
        this.max = max;
        this.eventDevice = eventDevice;
        this.changes = changes;
        this.questions = new AtomicReferenceArray<>(max);
        this.controller = new CpuController(max, atBoot, new CpuController.Listener() {
            @Override
            public void ejected(int cpu) {
                givenBack(cpu);
            }

            @Override
            public void answered(int cpu, int news, int status, boolean isLatest) {
                VcpuQuestion question = questions.get(cpu);
                if (question != null) {
                    question.answered(news, status, isLatest);
                }
            }
        });
    }

    /** The registers that the guest sees. */
    CpuController controller() {
        return controller;
    }

    /** Who has the vCPUs; before the guest runs. */
    void connect(Processors machineProcessors) {
        processors = machineProcessors;
    }

    @Override
    public synchronized String stop() {
        if (!current.isDone()) {
            return "a change of the vCPUs";
        }
        isStopped = true;
        return null;
    }

    @Override
    public synchronized void goOn() {
        isStopped = false;
    }

    /**
     * Holds what the guest has been told against the vCPUs that are there.
     *
     * @throws StateException when it was told of one that is not
     */
    void requireOffered(IntPredicate isThere) throws StateException {
        for (int cpu = 0; cpu < max; cpu++) {
            if (controller.isOffered(cpu) && !isThere.test(cpu)) {
                throw new StateException("the guest was told of vCPU " + cpu + ", which is not there");
            }
        }
    }

    /** vCPUs that the guest has. */
    int count() {
        return controller.confirmedCount();
    }

    /**
     * Has the guest go over to {@code count} vCPUs.
     *
     * @return completes when the guest has done so; with a {@link VcpuResizeException} when it has not {@code within} the
     *     time, or not wholly
     * @throws IllegalArgumentException when {@code count} is out of range
     */
    synchronized CompletableFuture<Void> resize(int count, Duration within) {
        if (count < 1 || count > max) {
            throw new IllegalArgumentException("vcpu count " + count + " is not in 1.." + max);
        }
        if (isClosed) {
            return CompletableFuture.failedFuture(new VcpuResizeException(ENDED));
        }
        if (!current.isDone()) {
            return CompletableFuture.failedFuture(new VcpuResizeException("another change of the vCPUs is under way"));
        }
        if (isStopped) {
            return CompletableFuture.failedFuture(new VcpuResizeException(ChangeStop.WHY));
        }
        CompletableFuture<Void> result = new CompletableFuture<>();
        current = result;
        changes.execute(() -> change(count, within, result));
        return result.copy();
    }

    private void change(int count, Duration within, CompletableFuture<Void> result) {
        try {
            long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(within);
            List<String> failures = new ArrayList<>();
            awaitEarlier(count, end, within, failures);
            if (failures.isEmpty()) {
                List<VcpuQuestion> asked = ask(count, failures);
                if (!asked.isEmpty()) {
                    eventDevice.raise(AcpiEvent.CPUS);
                    await(asked, end, within, failures);
                    settle(count, asked, failures);
                }
            }
            LOG.info("the guest has {} of {} vCPUs asked for{}", count(), count, failures.isEmpty() ? "" : ": " + String.join("; ", failures));
            complete(result, failures);
        } catch (RejectedExecutionException e) {
            result.completeExceptionally(new VcpuResizeException(ENDED));
        } catch (RuntimeException | Error e) {
            LOG.error("vCPUs cannot be changed", e);
            result.completeExceptionally(e);
        }
    }

    private void complete(CompletableFuture<Void> result, List<String> failures) {
        if (isClosed) {
            result.completeExceptionally(new VcpuResizeException(ENDED));
        } else if (failures.isEmpty()) {
            result.complete(null);
        } else {
            result.completeExceptionally(new VcpuResizeException(String.join("; ", failures)));
        }
    }

    /** Waits for what the guest owes an answer to, of the vCPUs that it shall keep. */
    private void awaitEarlier(int count, long end, Duration within, List<String> failures) {
        for (int cpu : inOrderOfStay().subList(0, count)) {
            if (controller.isConfirmed(cpu) && controller.owesEject(cpu)) {
                VcpuQuestion question = expect(cpu, VcpuQuestion.Kind.KEEP);
                // The answer may have come before anybody waited for it.
                if (controller.owesEject(cpu) && question.await(end) == null) {
                    failures.add("the guest did not answer within " + TimeUnit.MILLISECONDS.convert(within)
                            + " ms whether it gives back vCPU " + cpu + ", as it was asked to before");
                }
                questions.set(cpu, null);
            }
        }
    }

    /** Offers and asks back; what the host cannot do goes to {@code failures}. */
    private List<VcpuQuestion> ask(int count, List<String> failures) {
        upset = new CompletableFuture<>();
        List<VcpuQuestion> asked = new ArrayList<>();
        List<Integer> order = inOrderOfStay();
        for (int cpu : order.subList(0, count)) {
            if (!controller.isConfirmed(cpu)) {
                offer(cpu, asked, failures);
            }
        }
        for (int cpu : order.subList(count, max)) {
            if (controller.isPresent(cpu)) {
                asked.add(expect(cpu, VcpuQuestion.Kind.GIVE_BACK));
                controller.requestEject(cpu);
            }
        }
        return asked;
    }

    /** Those the guest has, those it may be about to give back, those it knows of, and the others; within each from the lowest up. */
    private List<Integer> inOrderOfStay() {
        int[] reluctance = IntStream.range(0, max).map(this::reluctance).toArray();
        List<Integer> order = new ArrayList<>(IntStream.range(0, max).boxed().toList());
        order.sort((a, b) -> Integer.compare(reluctance[a], reluctance[b]));
        return order;
    }

    private int reluctance(int cpu) {
        if (controller.isConfirmed(cpu)) {
            return controller.owesEject(cpu) ? 1 : 0;
        }
        return controller.isPresent(cpu) ? 2 : 3;
    }

    private void offer(int cpu, List<VcpuQuestion> asked, List<String> failures) {
        if (!controller.isPresent(cpu)) {
            try {
                processors.bring(cpu);
            } catch (IOException | IllegalStateException e) {
                failures.add("vCPU " + cpu + ": " + e.getMessage());
                return;
            }
        }
        asked.add(expect(cpu, VcpuQuestion.Kind.TAKE));
        controller.offer(cpu);
    }

    private VcpuQuestion expect(int cpu, VcpuQuestion.Kind kind) {
        VcpuQuestion question = new VcpuQuestion(cpu, kind);
        questions.set(cpu, question);
        // Read behind the store, as close() reads behind its own: one of the two sees the other.
        if (isClosed) {
            question.cancel(ENDED);
        }
        return question;
    }

    private void await(List<VcpuQuestion> asked, long end, Duration within, List<String> failures) {
        List<Integer> silent = new ArrayList<>();
        boolean isDeaf = true;
        for (VcpuQuestion question : asked) {
            String objection = question.await(end);
            isDeaf &= takeBack(question.cpu()) && objection == null;
            if (objection != null && !objection.isEmpty()) {
                failures.add(objection);
            } else if (objection == null && !isMet(question)) {
                silent.add(question.cpu());
            }
        }
        if (!silent.isEmpty()) {
            failures.add("the guest did not answer within " + TimeUnit.MILLISECONDS.convert(within) + " ms about vCPU "
                    + String.join(", ", silent.stream().map(String::valueOf).toList())
                    + (isDeaf ? ": its kernel does not listen to ACPI events, or not yet" : ""));
        }
    }

    private boolean isMet(VcpuQuestion question) {
        return question.kind() == VcpuQuestion.Kind.GIVE_BACK ? !controller.isPresent(question.cpu()) : controller.isConfirmed(question.cpu());
    }

    /** Withdraws what the guest has not taken note of; false when it has. */
    private boolean takeBack(int cpu) {
        boolean wasPresent = controller.isPresent(cpu);
        boolean withdrawn = controller.withdraw(cpu);
        if (withdrawn && !wasPresent) {
            processors.dismiss(cpu);
        }
        return withdrawn;
    }

    /** Looks once more, a moment later where vCPUs have been added, and then no longer for answers. */
    private void settle(int count, List<VcpuQuestion> asked, List<String> failures) {
        if (failures.isEmpty() && asked.stream().anyMatch(question -> question.kind() == VcpuQuestion.Kind.TAKE)) {
            awaitUpset();
        }
        asked.forEach(question -> questions.set(question.cpu(), null));
        if (failures.isEmpty() && count() != count) {
            failures.add("the guest has given back vCPUs that it was not asked for, and has " + count() + " now");
        }
    }

    private void awaitUpset() {
        try {
            upset.get(SETTLE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // As it should be.
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("nobody interrupts this thread, and an upset is never exceptional", e);
        }
    }

    private void givenBack(int cpu) {
        processors.dismiss(cpu);
        VcpuQuestion question = questions.get(cpu);
        if (question != null) {
            question.ejected();
        }
        if (question == null || question.kind() != VcpuQuestion.Kind.GIVE_BACK) {
            upset.complete(null);
        }
    }

    /** Ends a change that is under way. */
    @Override
    public synchronized void close() {
        isClosed = true;
        for (int cpu = 0; cpu < max; cpu++) {
            VcpuQuestion question = questions.get(cpu);
            if (question != null) {
                question.cancel(ENDED);
            }
        }
        upset.complete(null);
    }
}
