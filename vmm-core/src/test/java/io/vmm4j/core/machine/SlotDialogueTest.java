package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.testing.GuestRam;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SlotDialogueTest {

    private static final int COME = 1;
    private static final int GIVE_BACK = 3;
    private static final Duration LONG = Duration.ofSeconds(50);
    private static final Duration SHORT = Duration.ofMillis(50);

    private final SlotRig rig = new SlotRig();
    private final SlotDialogue dialogue = rig.dialogue;
    private final HotSlot slot = rig.slots.get(1);

    private CompletableFuture<String> offer(Duration within) {
        rig.plug(1);
        return CompletableFuture.supplyAsync(() -> dialogue.offer(slot, within));
    }

    private CompletableFuture<String> reclaim(Duration within) {
        return CompletableFuture.supplyAsync(() -> dialogue.reclaim(slot, within));
    }

    private void addDriven() {
        CompletableFuture<String> offer = offer(LONG);
        rig.takeNews();
        rig.drive(1);
        assertNull(offer.join());
        rig.answer(1, COME, 0);
    }

    private byte[] table() throws Exception {
        byte[] page = GuestRam.get(rig.memory, 0xe2100, 0x100);
        int length = page[4] & 0xFF;
        byte[] table = new byte[length];
        System.arraycopy(page, 0, table, 0, length);
        return table;
    }

    @Test
    void anOfferIsMetOnceADriverUsesTheDevice() throws Exception {
        CompletableFuture<String> offer = offer(LONG);
        assertEquals(1L << 16 | 1, rig.takeNews());
        byte[] table = table();
        assertEquals("SSDT", new String(table, 0, 4, StandardCharsets.US_ASCII));
        assertEquals(0, IntStream.range(0, table.length).map(i -> table[i]).sum() & 0xFF, "checksum");
        rig.answer(1, COME, 0);
        assertFalse(offer.isDone(), "to be found is not to be used");
        rig.drive(1);
        assertNull(offer.join());
        assertTrue(dialogue.isKnown(slot));
    }

    @Test
    void thePageOfAGuestThatIsPausedIsWrittenWhenItGoesOn() throws Exception {
        CompletableFuture<Runnable> write = new CompletableFuture<>();
        CompletableFuture<Void> resumed = new CompletableFuture<>();
        rig.unlessPaused = action -> {
            write.complete(action);
            resumed.join();
        };
        CompletableFuture<String> offer = offer(LONG);
        Runnable action = write.join();
        assertEquals(0, GuestRam.get(rig.memory, 0xe2100, 1)[0]);
        assertEquals(0, dialogue.controller().read(0, 4), "no word of it either");
        action.run();
        assertEquals('S', GuestRam.get(rig.memory, 0xe2100, 1)[0]);
        resumed.complete(null);
        rig.takeNews();
        rig.drive(1);
        assertNull(offer.join());
    }

    @Test
    void noTwoTablesAreTheSame() throws Exception {
        addDriven();
        byte[] first = table();
        dialogue.offer(slot, SHORT);
        byte[] second = table();
        assertEquals(first.length, second.length);
        assertEquals(List.of(9, 24), IntStream.range(0, first.length).filter(i -> first[i] != second[i]).boxed().toList(), "checksum, OEM revision");
    }

    @Test
    void anOfferThatNobodyTakesNoticeOfIsWithdrawn() {
        String objection = offer(SHORT).join();
        assertEquals("did not take notice of it within 50 ms: its kernel does not listen to ACPI events, or not yet", objection);
        assertEquals(0, dialogue.controller().read(0, 4), "withdrawn");
        assertFalse(dialogue.isKnown(slot));
        assertTrue(dialogue.isFree(slot));
    }

    @Test
    void aGuestThatTakesTheNewsAndDoesNothingIsNotBelievedToHaveTheDevice() {
        CompletableFuture<String> offer = offer(Duration.ofMillis(300));
        rig.takeNews();
        assertEquals("took notice of it, but no driver has taken it up within 300 ms", offer.join());
        assertTrue(dialogue.isKnown(slot));
        assertFalse(dialogue.isFree(slot), "it may still come to look at the table");
        rig.answer(1, COME, 0);
        assertTrue(dialogue.isFree(slot));
    }

    @Test
    void aGuestThatHasFoundTheDeviceAndNoDriverForItIsToldApart() {
        CompletableFuture<String> offer = offer(Duration.ofMillis(300));
        rig.takeNews();
        rig.answer(1, COME, 0);
        assertEquals("has found it, but no driver there has taken it up within 300 ms", offer.join());
    }

    @Test
    void aGuestThatRefusesTheDeviceSaysWhy() {
        CompletableFuture<String> offer = offer(LONG);
        rig.takeNews();
        rig.answer(1, COME, 0x81);
        assertEquals("did not take it: status 0x81", offer.join());
    }

    @Test
    void aDeviceIsGivenBackByTheAnswerOfAGuestThatLetGoOfIt() {
        addDriven();
        CompletableFuture<String> reclaim = reclaim(LONG);
        assertEquals(3L << 16 | 1, rig.takeNews());
        rig.slots.get(1).write(0x70, 4, 0);
        rig.answer(1, GIVE_BACK, 0);
        assertNull(reclaim.join());
        assertTrue(dialogue.isFree(slot));
    }

    @Test
    void aLiarWhoseDriverGoesOnIsNotBelieved() {
        addDriven();
        CompletableFuture<String> reclaim = reclaim(LONG);
        rig.takeNews();
        rig.answer(1, GIVE_BACK, 0);
        assertEquals("says that it is gone, but its driver goes on using it", reclaim.join());
    }

    @Test
    void aDriverThatStartsAnewDoesNotAnswerARequestToGiveBack() {
        addDriven();
        CompletableFuture<String> reclaim = reclaim(Duration.ofMillis(300));
        rig.takeNews();
        rig.slots.get(1).write(0x70, 4, 0);
        rig.drive(1);
        assertEquals("has not given it back within 300 ms", reclaim.join());
    }

    @Test
    void answersAboutOtherSlotsAndOtherNewsDoNotCount() {
        addDriven();
        CompletableFuture<String> reclaim = reclaim(Duration.ofMillis(300));
        rig.takeNews();
        rig.answer(0, GIVE_BACK, 0);
        rig.answer(1, COME, 0);
        rig.answer(7, GIVE_BACK, 0);
        assertEquals("has not given it back within 300 ms", reclaim.join());
        assertEquals(List.of(), rig.lateReturns);
    }

    @Test
    void aRequestThatNobodyTakesNoticeOfIsWithdrawn() {
        addDriven();
        assertEquals("did not take notice within 50 ms: its kernel does not listen to ACPI events, or not yet", reclaim(SHORT).join());
        assertEquals(0, dialogue.controller().read(0, 4));
    }

    @Test
    void aDeviceThatComesBackLateIsHeardOfAndOnlyByTheLatestRequest() {
        addDriven();
        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> reclaim = reclaim(Duration.ofMillis(300));
            rig.takeNews();
            assertEquals("has not given it back within 300 ms", reclaim.join());
        }
        rig.answer(1, GIVE_BACK, 0);
        assertEquals(List.of(), rig.lateReturns, "that was about the first request");
        rig.answer(1, GIVE_BACK, 0);
        assertEquals(List.of(1), rig.lateReturns);
        rig.answer(1, GIVE_BACK, 0);
        assertEquals(List.of(1), rig.lateReturns, "nobody asked");
    }

    @Test
    void aGuestThatOnceDidNotAnswerCanStillGiveTheDeviceBack() {
        addDriven();
        CompletableFuture<String> silent = reclaim(Duration.ofMillis(300));
        rig.takeNews();
        assertEquals("has not given it back within 300 ms", silent.join());
        CompletableFuture<String> honest = reclaim(LONG);
        rig.takeNews();
        rig.slots.get(1).write(0x70, 4, 0);
        rig.answer(1, GIVE_BACK, 0);
        assertNull(honest.join());
        assertTrue(dialogue.isFree(slot), "the slot can have another device");
        rig.answer(1, GIVE_BACK, 0);
        assertEquals(List.of(), rig.lateReturns, "an answer that is not owed any more");
    }

    @Test
    void aDeviceThatNobodyDrivesComesBackLateByWhateverAnswer() {
        addDriven();
        for (int i = 0; i < 2; i++) {
            CompletableFuture<String> reclaim = reclaim(Duration.ofMillis(300));
            rig.takeNews();
            reclaim.join();
        }
        rig.slots.get(1).write(0x70, 4, 0);
        rig.answer(1, GIVE_BACK, 0);
        assertEquals(List.of(1), rig.lateReturns);
    }

    @Test
    void theMachinesEndEndsTheWait() {
        CompletableFuture<String> offer = offer(LONG);
        rig.takeNews();
        dialogue.close();
        offer.join();
        reclaim(LONG).join();
    }
}
