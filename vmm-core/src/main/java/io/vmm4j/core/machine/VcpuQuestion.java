package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.CpuController;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What the guest is asked about one vCPU, and what it says to it: only what answers this very question counts. Thread-safe.
 */
final class VcpuQuestion {

    /** What is to become of the vCPU. */
    enum Kind {
        /** The guest shall take it. */
        TAKE,
        /** The guest shall keep it, although it has been asked to give it back and has not answered yet. */
        KEEP,
        /** The guest shall give it back. */
        GIVE_BACK
    }

    private static final String NONE = "";

    private final int cpu;
    private final Kind kind;
    /** What the guest has against it; {@link #NONE} when it has done it. */
    private final CompletableFuture<String> answer = new CompletableFuture<>();
    private volatile String lastObjection = NONE;

    VcpuQuestion(int cpu, Kind kind) {
        this.cpu = cpu;
        this.kind = kind;
    }

    int cpu() {
        return cpu;
    }

    Kind kind() {
        return kind;
    }

    /** The guest has given the vCPU back. */
    void ejected() {
        answer.complete(kind == Kind.TAKE ? "the guest gave back vCPU " + cpu : NONE);
    }

    /** The guest has answered, as {@link CpuController.Listener#answered} has it. */
    void answered(int news, int status, boolean isLatest) {
        boolean isAboutTaking = news == CpuController.DEVICE_CHECK;
        if (isAboutTaking != (kind == Kind.TAKE)) {
            return;
        }
        if (kind == Kind.KEEP) {
            // It has been refused, and the vCPU stays.
            completeIf(isLatest, NONE);
        } else if (isAboutTaking && status == 0) {
            answer.complete(NONE);
        } else {
            lastObjection = objection(status);
            completeIf(isLatest, lastObjection);
        }
    }

    private void completeIf(boolean isLatest, String text) {
        if (isLatest) {
            answer.complete(text);
        }
    }

    private String objection(int status) {
        if (status == 0) {
            return "the guest says that it gave back vCPU " + cpu + ", and has not";
        }
        return "the guest did not " + (kind == Kind.TAKE ? "take" : "give back") + " vCPU " + cpu + ": status 0x" + Integer.toHexString(status);
    }

    /** The machine has ended. */
    void cancel(String why) {
        answer.complete(why);
    }

    /**
     * Waits for the answer until {@link System#nanoTime} is {@code end}.
     *
     * @return what the guest has against it, an empty text when it has done it, {@code null} when it was silent
     */
    String await(long end) {
        try {
            return answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return lastObjection.isEmpty() ? null : lastObjection;
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("nobody interrupts this thread, and an answer is never exceptional", e);
        }
    }
}
