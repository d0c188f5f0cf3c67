package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CpuControllerTest {

    private final List<String> heard = new ArrayList<>();
    private final CpuController controller = new CpuController(4, 2, new CpuController.Listener() {
        @Override
        public void ejected(int cpu) {
            heard.add("ejected " + cpu);
        }

        @Override
        public void answered(int cpu, int news, int status, boolean isLatest) {
            heard.add("answered " + cpu + " " + news + " " + status + (isLatest ? "" : " early"));
        }
    });

    private long state(int cpu) {
        controller.write(0x00, 4, cpu);
        return controller.read(0x04, 4);
    }

    private long next() {
        return controller.read(0x08, 4);
    }

    private void eject(int cpu) {
        controller.write(0x00, 4, cpu);
        controller.write(0x04, 4, 1);
    }

    @Test
    void processorsOfTheBootAreThereAndTheOthersAreNot() {
        assertEquals(List.of(1L, 1L, 0L, 0L), List.of(state(0), state(1), state(2), state(3)));
        assertEquals(0, next(), "no news");
    }

    @Test
    void anOfferedProcessorIsThereOnceTheGuestHasTakenTheNews() {
        controller.offer(2);
        assertEquals(0, state(2), "a guest that looks by itself does not find it");
        assertEquals(1L << 16 | 2, next());
        assertEquals(1, state(2));
        assertEquals(0, next(), "news is taken once");
    }

    @Test
    void newsComesFromTheLowestProcessorUp() {
        controller.offer(3);
        controller.offer(2);
        controller.requestEject(1);
        assertEquals(List.of(3L << 16 | 1, 1L << 16 | 2, 1L << 16 | 3, 0L), List.of(next(), next(), next(), next()));
    }

    @Test
    void anOfferThatNobodyTookCanBeWithdrawnAndALaterOneNot() {
        controller.offer(2);
        assertTrue(controller.withdraw(2));
        assertEquals(0, next());
        controller.offer(2);
        next();
        assertFalse(controller.withdraw(2));
        assertTrue(controller.isPresent(2));
    }

    @Test
    void anEjectedProcessorIsGoneAtOnceAndHeardOf() {
        controller.requestEject(1);
        next();
        eject(1);
        assertEquals(0, state(1));
        assertEquals(List.of("ejected 1"), heard);
        eject(1);
        assertEquals(List.of("ejected 1"), heard, "what is gone cannot go");
    }

    @Test
    void anEjectionMeetsARequestThatWasNotTaken() {
        controller.requestEject(1);
        eject(1);
        assertEquals(0, next());
    }

    @Test
    void processor0StaysWhateverTheGuestDoes() {
        eject(0);
        assertEquals(1, state(0));
        assertEquals(List.of(), heard);
        assertThrows(IllegalArgumentException.class, () -> controller.requestEject(0));
    }

    private void answer(int cpu, int source, int status) {
        controller.write(0x00, 4, cpu);
        controller.write(0x0c, 4, source);
        controller.write(0x10, 4, status);
    }

    @Test
    void writingTheStatusAnswersNewsThatWasTaken() {
        controller.offer(2);
        next();
        answer(2, 1, 0x81);
        controller.requestEject(1);
        next();
        answer(1, 3, 0x82);
        assertEquals(List.of("answered 2 1 129", "answered 1 3 130"), heard);
        assertFalse(controller.isConfirmed(2));
        assertTrue(controller.isConfirmed(1));
    }

    @Test
    void anAnswerToNothingIsDropped() {
        answer(2, 1, 0);
        controller.offer(2);
        answer(2, 1, 0);
        assertEquals(0, state(2), "it was not taken");
        answer(1, 3, 0);
        answer(1, 1, 0);
        controller.requestEject(1);
        answer(1, 3, 0x82);
        next();
        answer(3, 3, 0x82);
        answer(1, 1, 0x81);
        answer(1, 0x103, 0);
        answer(1, 0x200, 0);
        assertEquals(List.of(), heard);
        assertEquals(2, controller.confirmedCount());
    }

    @Test
    void eachPieceOfNewsHasOneAnswer() {
        controller.offer(2);
        next();
        answer(2, 1, 0x80);
        answer(2, 1, 0);
        answer(2, 1, 1);
        assertEquals(List.of("answered 2 1 0"), heard, "0x80 is: not yet");
        assertTrue(controller.isConfirmed(2));
        controller.requestEject(2);
        next();
        answer(2, 3, 0x84);
        answer(2, 3, 0x82);
        answer(2, 3, 0);
        assertEquals(List.of("answered 2 1 0", "answered 2 3 130"), heard, "0x84 is: not yet");
    }

    @Test
    void anAnswerToAnEarlierPieceOfNewsIsNotTheLatest() {
        controller.requestEject(1);
        next();
        assertTrue(controller.owesEject(1));
        controller.requestEject(1);
        answer(1, 3, 0x82);
        next();
        controller.requestEject(1);
        next();
        answer(1, 3, 0x83);
        assertTrue(controller.owesEject(1));
        answer(1, 3, 0x85);
        assertEquals(List.of("answered 1 3 130 early", "answered 1 3 131 early", "answered 1 3 133"), heard);
        assertFalse(controller.owesEject(1));
    }

    @Test
    void aLateConfirmationMakesAnotherOfferNeedless() {
        controller.offer(2);
        next();
        controller.offer(2);
        answer(2, 1, 0);
        assertEquals(List.of("answered 2 1 0"), heard);
        assertEquals(0, next());
        assertTrue(controller.isConfirmed(2));
    }

    @Test
    void anEjectionSettlesAllThatWasAskedAboutTheProcessor() {
        controller.offer(2);
        next();
        answer(2, 1, 0);
        controller.requestEject(2);
        next();
        eject(2);
        answer(2, 3, 0);
        answer(2, 1, 0);
        assertEquals(List.of("answered 2 1 0", "ejected 2"), heard);
        assertFalse(controller.isConfirmed(2));
        assertFalse(controller.owesEject(2));
        assertEquals(2, controller.confirmedCount());
    }

    @Test
    void selectionsOutOfRangeOtherWidthsAndReservedOffsetsDoNothing() {
        for (long cpu : new long[] {4, 0x7FFF_FFFFL, 0xFFFF_FFFFL}) {
            controller.write(0x00, 4, cpu);
            assertEquals(cpu, controller.read(0x00, 4));
            assertEquals(0, controller.read(0x04, 4));
            controller.write(0x04, 4, 1);
            controller.write(0x10, 4, 0);
        }
        controller.write(0x00, 4, 1);
        controller.write(0x04, 1, 1);
        controller.write(0x04, 4, 2);
        controller.write(0x08, 4, 1);
        controller.write(0x01, 4, 1);
        controller.offer(2);
        assertEquals(0, controller.read(0x08, 1));
        assertEquals(0, controller.read(0x0c, 4));
        assertEquals(1L << 16 | 2, next(), "a narrow read takes no news");
        assertEquals(List.of(), heard);
    }
}
