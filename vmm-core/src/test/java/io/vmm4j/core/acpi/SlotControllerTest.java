package io.vmm4j.core.acpi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlotControllerTest {

    private final List<String> heard = new ArrayList<>();
    private final SlotController controller = new SlotController(3,
            (slot, news, status, isLatest) -> heard.add(slot + " " + news + " " + status + (isLatest ? " latest" : "")));

    private long next() {
        return controller.read(0x00, 4);
    }

    private void answer(long slot, long news, long status) {
        controller.write(0x04, 4, slot);
        controller.write(0x08, 4, news);
        controller.write(0x0c, 4, status);
    }

    @Test
    void newsIsTakenOnceAndFromTheLowestSlotUp() {
        controller.tell(2, SlotController.COME);
        controller.tell(0, SlotController.GIVE_BACK);
        assertEquals(List.of(3L << 16, 1L << 16 | 2, 0L), List.of(next(), next(), next()));
    }

    @Test
    void laterNewsTakesThePlaceOfWhatTheGuestHasNotTaken() {
        controller.tell(1, SlotController.COME);
        controller.tell(1, SlotController.GIVE_BACK);
        assertEquals(List.of(3L << 16 | 1, 0L), List.of(next(), next()));
    }

    @Test
    void newsThatNobodyTookCanBeWithdrawnAndLaterNot() {
        controller.tell(1, SlotController.COME);
        assertTrue(controller.withdraw(1));
        assertEquals(0, next());
        assertFalse(controller.isAnswerOwed(1));
        controller.tell(1, SlotController.COME);
        next();
        assertFalse(controller.withdraw(1));
        assertTrue(controller.isAnswerOwed(1));
    }

    @Test
    void anAnswerSettlesTheNewsItIsAbout() {
        controller.tell(1, SlotController.COME);
        next();
        answer(1, 1, 0x81);
        assertEquals(List.of("1 1 129 latest"), heard);
        assertFalse(controller.isAnswerOwed(1));
        answer(1, 1, 0);
        assertEquals(1, heard.size(), "nothing more is owed");
    }

    @Test
    void anAnswerToAnEarlierQuestionIsNotTakenForOneToTheLatest() {
        for (int i = 0; i < 2; i++) {
            controller.tell(0, SlotController.GIVE_BACK);
            next();
        }
        answer(0, 3, 0);
        answer(0, 3, 0);
        assertEquals(List.of("0 3 0", "0 3 0 latest"), heard);
    }

    @Test
    void whoWasNotAskedCannotAnswer() {
        controller.tell(0, SlotController.COME);
        answer(0, 1, 0);
        next();
        answer(0, 3, 0);
        answer(1, 1, 0);
        answer(0, 2, 0);
        answer(3, 1, 0);
        answer(0xFFFF_FFFFL, 1, 0);
        assertEquals(List.of(), heard);
    }

    @Test
    void otherWidthsAndReservedOffsetsDoNothing() {
        controller.tell(0, SlotController.COME);
        assertEquals(0, controller.read(0x00, 1));
        assertEquals(0, controller.read(0x04, 4));
        assertEquals(0, controller.read(0x01, 4));
        controller.write(0x00, 4, 1);
        assertEquals(1L << 16, next());
        controller.write(0x0c, 2, 0);
        controller.write(0x0d, 4, 0);
        assertEquals(List.of(), heard);
    }

    @Test
    void aStormOfRegisterAccessesHasNoMoreAnswersThanNews() {
        Random random = new Random(7);
        long taken = 0;
        for (int i = 0; i < 100_000; i++) {
            if (i % 1000 == 0) {
                controller.tell(random.nextInt(3), random.nextBoolean() ? SlotController.COME : SlotController.GIVE_BACK);
            }
            taken += controller.read(random.nextInt(16), 4) == 0 ? 0 : 1;
            controller.write(random.nextInt(16), 4, random.nextInt(5));
        }
        assertTrue(heard.size() <= taken, heard.size() + " answers to " + taken);
    }
}
