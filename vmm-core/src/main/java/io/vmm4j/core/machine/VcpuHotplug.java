package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEvent;
import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.acpi.CpuController;
import io.vmm4j.core.control.VcpuResizeException;
import io.vmm4j.kvm.KvmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes the number of vCPUs of a running guest. vCPUs are added from the lowest number up and removed from the highest
 * down; vCPU 0 stays.
 *
 * <p>A vCPU is {@linkplain Vcpus#bring brought} before the guest hears of it, and parked when the guest has given it back.
 * What the guest has taken note of but not confirmed stays and is offered again next time; what it has not even taken note
 * of is withdrawn.
 *
 * <p>Thread-safe. One change at a time, on a thread of its own; the guest's answers come on vCPU threads.
 */
final class VcpuHotplug implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(VcpuHotplug.class);

    /** _OST for an insertion, ACPI 6.5 table 6.66: not the answer yet. */
    private static final int INSERT_IN_PROGRESS = 0x80;
    /** _OST for an ejection, ACPI 6.5 table 6.65: not the answer yet. */
    private static final int EJECT_IN_PROGRESS = 0x84;

    private static final String ENDED = "the machine has ended";

    private final int max;
    private final CpuController controller;
    private final AcpiEventDevice eventDevice;
    private final Executor changes;
    /** 1 for each vCPU that the guest has said it has. */
    private final AtomicIntegerArray confirmed;
    /** By vCPU, who waits for the guest's answer: completed with {@code null}, or with what the guest has against it. */
    private final AtomicReferenceArray<CompletableFuture<String>> waiting;
    private volatile Vcpus vcpus;
    private CompletableFuture<Void> current = CompletableFuture.completedFuture(null);
    private volatile boolean isClosed;

    /**
     * @param max    vCPUs there can be
     * @param atBoot vCPUs from the start
     * @param changes runs a change, which waits for the guest
     */
    VcpuHotplug(int max, int atBoot, AcpiEventDevice eventDevice, Executor changes) {
        this.max = max;
        this.eventDevice = eventDevice;
        this.changes = changes;
        this.confirmed = new AtomicIntegerArray(max);
        this.waiting = new AtomicReferenceArray<>(max);
        for (int cpu = 0; cpu < atBoot; cpu++) {
            confirmed.set(cpu, 1);
        }
        this.controller = new CpuController(max, atBoot, new CpuController.Listener() {
            @Override
            public void ejected(int cpu) {
                givenBack(cpu);
            }

            @Override
            public void answered(int cpu, int source, int status) {
                answer(cpu, source, status);
            }
        });
    }

    /** The registers that the guest sees. */
    CpuController controller() {
        return controller;
    }

    /** The vCPUs, once they exist; before the guest runs. */
    void connect(Vcpus machineVcpus) {
        vcpus = machineVcpus;
    }

    /** vCPUs that the guest has. */
    int count() {
        return (int) IntStream.range(0, max).filter(cpu -> confirmed.get(cpu) != 0).count();
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
        CompletableFuture<Void> result = new CompletableFuture<>();
        current = result;
        changes.execute(() -> change(count, within, result));
        return result.copy();
    }

    private void change(int count, Duration within, CompletableFuture<Void> result) {
        try {
            long end = System.nanoTime() + TimeUnit.NANOSECONDS.convert(within);
            List<String> failures = new ArrayList<>();
            TreeMap<Integer, CompletableFuture<String>> answers = ask(count, failures);
            if (!answers.isEmpty()) {
                eventDevice.raise(AcpiEvent.CPUS);
                await(answers, end, within, failures);
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

    /** Offers and asks back; what the host cannot do goes to {@code failures}. */
    private TreeMap<Integer, CompletableFuture<String>> ask(int count, List<String> failures) {
        TreeMap<Integer, CompletableFuture<String>> answers = new TreeMap<>();
        List<Integer> order = inOrderOfStay();
        for (int cpu : order.subList(0, count)) {
            if (confirmed.get(cpu) == 0) {
                offer(cpu, answers, failures);
            }
        }
        for (int cpu : order.subList(count, max)) {
            if (controller.isPresent(cpu)) {
                answers.put(cpu, expectAnswer(cpu));
                controller.requestEject(cpu);
            }
        }
        return answers;
    }

    /** Those the guest has, those it knows of, and the others; within each from the lowest up. */
    private List<Integer> inOrderOfStay() {
        List<Integer> order = new ArrayList<>(IntStream.range(0, max).boxed().toList());
        order.sort((a, b) -> Integer.compare(reluctance(a), reluctance(b)));
        return order;
    }

    private int reluctance(int cpu) {
        if (confirmed.get(cpu) != 0) {
            return 0;
        }
        return controller.isPresent(cpu) ? 1 : 2;
    }

    private void offer(int cpu, TreeMap<Integer, CompletableFuture<String>> answers, List<String> failures) {
        if (!controller.isPresent(cpu)) {
            try {
                vcpus.bring(cpu);
            } catch (KvmException | IllegalStateException e) {
                failures.add("vCPU " + cpu + ": " + e.getMessage());
                return;
            }
        }
        answers.put(cpu, expectAnswer(cpu));
        controller.offer(cpu);
    }

    private CompletableFuture<String> expectAnswer(int cpu) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        waiting.set(cpu, answer);
        // Read behind the store, as close() reads behind its own: one of the two sees the other.
        if (isClosed) {
            answer.complete(ENDED);
        }
        return answer;
    }

    private void await(TreeMap<Integer, CompletableFuture<String>> answers, long end, Duration within, List<String> failures) {
        List<Integer> silent = new ArrayList<>();
        answers.forEach((cpu, answer) -> {
            try {
                String objection = answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (objection != null) {
                    failures.add(objection);
                }
            } catch (TimeoutException e) {
                silent.add(cpu);
            } catch (InterruptedException | ExecutionException e) {
                throw new IllegalStateException("nobody interrupts this thread, and an answer is never exceptional", e);
            } finally {
                waiting.set(cpu, null);
            }
        });
        if (!silent.isEmpty()) {
            failures.add("the guest did not answer within " + TimeUnit.MILLISECONDS.convert(within) + " ms about vCPU "
                    + String.join(", ", silent.stream().map(String::valueOf).toList()) + takeBack(silent));
        }
    }

    private String takeBack(List<Integer> silent) {
        boolean untaken = true;
        for (int cpu : silent) {
            boolean wasPresent = controller.isPresent(cpu);
            boolean withdrawn = controller.withdraw(cpu);
            untaken &= withdrawn;
            if (withdrawn && !wasPresent) {
                vcpus.dismiss(cpu);
            }
        }
        return untaken ? ": its kernel does not listen to ACPI events, or not yet" : "";
    }

    private void givenBack(int cpu) {
        vcpus.dismiss(cpu);
        confirmed.set(cpu, 0);
        answerTo(cpu, null);
    }

    private void answer(int cpu, int source, int status) {
        switch (source) {
            case CpuController.DEVICE_CHECK -> inserted(cpu, status);
            case CpuController.EJECT_REQUEST -> ejectAnswered(cpu, status);
            // Of what the guest does by itself, its ejections say enough.
            default -> { }
        }
    }

    private void inserted(int cpu, int status) {
        if (status == INSERT_IN_PROGRESS || !controller.isPresent(cpu)) {
            return;
        }
        if (status == 0) {
            confirmed.set(cpu, 1);
            answerTo(cpu, null);
        } else {
            answerTo(cpu, "the guest did not take vCPU " + cpu + ": status 0x" + Integer.toHexString(status));
        }
    }

    /** Success is known by the ejection itself, which comes before. */
    private void ejectAnswered(int cpu, int status) {
        if (status != 0 && status != EJECT_IN_PROGRESS) {
            answerTo(cpu, "the guest did not give back vCPU " + cpu + ": status 0x" + Integer.toHexString(status));
        }
    }

    private void answerTo(int cpu, String objection) {
        CompletableFuture<String> answer = waiting.get(cpu);
        if (answer != null) {
            answer.complete(objection);
        }
    }

    /** Ends a change that is under way. */
    @Override
    public synchronized void close() {
        isClosed = true;
        for (int cpu = 0; cpu < max; cpu++) {
            answerTo(cpu, ENDED);
        }
    }
}
