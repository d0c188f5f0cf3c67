package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEvent;
import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.acpi.SlotController;
import io.vmm4j.core.acpi.SlotTable;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.memory.GuestMemoryException;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * What a machine and its guest say to each other about the devices in slots. The host's questions are asked one at a time, on
 * a thread that may wait; the guest's answers come on vCPU threads.
 */
final class SlotDialogue implements Stateful, AutoCloseable {

    private static final String DEAF = ": its kernel does not listen to ACPI events, or not yet";

    /**
     * A question to the guest.
     *
     * @param news   what it is told
     * @param answer completed with the guest's, or with {@code null} at the machine's end
     */
    private record Question(int news, CompletableFuture<Answer> answer) {
    }

    /** @param objection what the guest has against it, or {@code null} */
    private record Answer(String objection) {
    }

    private final GuestMemory memory;
    private final AcpiEventDevice events;
    private final List<HotSlot> slots;
    private final SlotController controller;
    private final Consumer<Runnable> unlessPaused;
    private final Consumer<HotSlot> onLateReturn;
    /** By slot, the question that waits for an answer. */
    private final AtomicReferenceArray<Question> asked;
    /** By slot, whether the guest has been given the table of the device in it. */
    private final boolean[] known;
    private int tables;
    private volatile boolean isClosed;

    /**
     * @param slots        by their numbers
     * @param unlessPaused runs what changes the guest's memory, when the guest is not paused, or not at all when the machine ends before that
     * @param onLateReturn hears of a slot that the guest has given back when nobody waits for it any more; called on vCPU
     *     threads, must be short
     */
    SlotDialogue(GuestMemory memory, AcpiEventDevice events, List<HotSlot> slots, Consumer<Runnable> unlessPaused,
            Consumer<HotSlot> onLateReturn) {
        this.memory = memory;
        this.events = events;
        this.slots = List.copyOf(slots);
        this.unlessPaused = unlessPaused;
        this.onLateReturn = onLateReturn;
        this.asked = new AtomicReferenceArray<>(slots.size());
        this.known = new boolean[slots.size()];
        this.controller = new SlotController(slots.size(), this::answered);
        slots.forEach(slot -> slot.onDriven(() -> answer(slot.number(), SlotController.COME, new Answer(null))));
    }

    /** Whether there is one of that number. */
    boolean hasSlot(int number) {
        return number < slots.size();
    }

    /** By its number. */
    HotSlot slot(int number) {
        return slots.get(number);
    }

    /** No question is asked meanwhile. */
    @Override
    public State saveState() {
        List<State> taken = new ArrayList<>();
        for (boolean isKnown : known) {
            taken.add(State.builder().put("known", isKnown).build());
        }
        return State.builder().put("tables", tables).put("slots", taken).put("controller", controller.saveState()).build();
    }

    @Override
    public void restoreState(State state) throws StateException {
        List<State> taken = state.parts("slots", known.length, known.length);
        for (int slot = 0; slot < known.length; slot++) {
            known[slot] = taken.get(slot).flag("known");
        }
        tables = state.int32("tables", 0, DeviceHotplug.OFFERS_MAX);
        controller.restoreState(state.part("controller"));
    }

    /** The registers that the guest sees. */
    SlotController controller() {
        return controller;
    }

    /** Whether a device may come into {@code slot}: the guest is not about to do something about the one before. */
    boolean isFree(HotSlot slot) {
        return !controller.isAnswerOwed(slot.number());
    }

    /** Whether the guest took notice of the device that was offered last in {@code slot}. */
    boolean isKnown(HotSlot slot) {
        return known[slot.number()];
    }

    /** Tables that the guest was given so far: as many devices as were offered. */
    int tables() {
        return tables;
    }

    /**
     * Tells the guest of the device in {@code slot} and waits until a driver uses it.
     *
     * @return {@code null}, or why none does, in words that go on "the guest"
     */
    String offer(HotSlot slot, Duration within) {
        int number = slot.number();
        byte[] table = SlotTable.of(number, slot.window(), ++tables);
        unlessPaused.accept(() -> write(number, table));
        Answer answer = ask(slot, SlotController.COME, within);
        boolean isUntaken = controller.withdraw(number);
        known[number] = !isUntaken;
        String objection = answer == null ? null : answer.objection();
        if (objection != null || slot.isDriven()) {
            return objection;
        }
        if (isUntaken) {
            return "did not take notice of it within " + within.toMillis() + " ms" + DEAF;
        }
        return (controller.isAnswerOwed(number) ? "took notice of it, but no driver has" : "has found it, but no driver there has")
                + " taken it up within " + within.toMillis() + " ms";
    }

    private void write(int number, byte[] table) {
        try {
            memory.write(SlotTable.address(number), ByteBuffer.wrap(table));
        } catch (GuestMemoryException e) {
            throw new IllegalStateException("a machine without a first MiB", e);
        }
    }

    /**
     * Has the guest give back the device in {@code slot}, and waits until it has.
     *
     * @return {@code null}, or why it has not, in words that go on "the guest"
     */
    String reclaim(HotSlot slot, Duration within) {
        Answer answer = ask(slot, SlotController.GIVE_BACK, within);
        boolean isUntaken = controller.withdraw(slot.number());
        if (answer != null) {
            return slot.isDriven() ? "says that it is gone, but its driver goes on using it" : null;
        }
        return isUntaken ? "did not take notice within " + within.toMillis() + " ms" + DEAF
                : "has not given it back within " + within.toMillis() + " ms";
    }

    /** The guest's answer; {@code null} when there is none within the time, or nobody to answer any more. */
    private Answer ask(HotSlot slot, int news, Duration within) {
        Question question = new Question(news, new CompletableFuture<>());
        asked.set(slot.number(), question);
        try {
            // Read behind the store, as close() reads behind its own: one of the two sees the other.
            if (!isClosed) {
                controller.tell(slot.number(), news);
                events.raise(AcpiEvent.SLOTS);
                return question.answer().get(TimeUnit.NANOSECONDS.convert(within), TimeUnit.NANOSECONDS);
            }
        } catch (TimeoutException | RejectedExecutionException e) {
            // One that comes in the last moment is no late one, see below.
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("nobody interrupts this thread, and an answer is never exceptional", e);
        } finally {
            asked.set(slot.number(), null);
        }
        return question.answer().getNow(null);
    }

    private void answered(int slot, int news, int status, boolean isLatest) {
        if (news == SlotController.GIVE_BACK) {
            returned(slot, isLatest);
        } else if (isLatest && status != 0) {
            // That it was found is not the end: a driver is to use it.
            answer(slot, news, new Answer("did not take it: status 0x" + Integer.toHexString(status)));
        }
    }

    /**
     * A device that nobody drives is given back by whatever request the guest answers: there may be earlier ones that it never will.
     * Of one that is driven, an answer to an earlier request says nothing.
     */
    private void returned(int slot, boolean isLatest) {
        boolean isDriven = slots.get(slot).isDriven();
        if (!isDriven) {
            controller.forgive(slot);
        } else if (!isLatest) {
            return;
        }
        if (!answer(slot, SlotController.GIVE_BACK, new Answer(null))) {
            onLateReturn.accept(slots.get(slot));
        }
    }

    /** Answers the question about {@code slot} if it is one of that kind; false when it is not. */
    private boolean answer(int slot, int news, Answer answer) {
        Question question = asked.get(slot);
        boolean isMeant = question != null && question.news() == news;
        if (isMeant) {
            question.answer().complete(answer);
        }
        return isMeant;
    }

    /** Ends the wait for an answer. */
    @Override
    public void close() {
        isClosed = true;
        for (int slot = 0; slot < asked.length(); slot++) {
            Question question = asked.get(slot);
            if (question != null) {
                question.answer().complete(null);
            }
        }
    }
}
