package io.vmm4j.core.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.GuestPanic;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.devices.pvpanic.PvPanic;
import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.testing.ManualClock;
import io.vmm4j.devices.testing.ManualLoop;
import io.vmm4j.devices.testing.RecordingSink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PanicWatchTest {

    private static final String PANIC = "[    1.5] Kernel panic - not syncing: sysrq triggered crash\r\n";

    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private final List<VmExit> ends = new ArrayList<>();
    private final PanicWatch panics = new PanicWatch(ends::add, loop);
    private final PvPanic port = new PvPanic(panics);
    private final RecordingSink recorded = new RecordingSink();
    private final SerialSink console = panics.watch(recorded);

    private void print(String text) {
        for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
            console.write(octet & 0xFF);
        }
    }

    private static VmExit exit(VmExitReason reason) {
        return new VmExit(reason, "it ended");
    }

    @ParameterizedTest
    @EnumSource(VmExitReason.class)
    void withoutAPanicAnEndIsWhatItIs(VmExitReason reason) {
        assertEquals(exit(reason), panics.judge(exit(reason)));
        assertEquals(Optional.empty(), panics.panic());
    }

    @ParameterizedTest
    @EnumSource(value = VmExitReason.class, names = {"POWEROFF", "RESET", "TRIPLE_FAULT"})
    void afterAPanicEveryEndOfTheGuestsOwnIsOne(VmExitReason reason) {
        port.write(0, 1, 1);
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC, "the guest's kernel panicked: it ended"), panics.judge(exit(reason)));
        print(PANIC);
        assertEquals(new VmExit(VmExitReason.GUEST_PANIC, "the guest's kernel panicked (sysrq triggered crash): it ended"), panics.judge(exit(reason)));
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.KERNEL, "sysrq triggered crash")), panics.panic());
    }

    @ParameterizedTest
    @EnumSource(VmExitReason.class)
    void whatWasThrownGoesWithTheEnd(VmExitReason reason) {
        Throwable thrown = new IllegalStateException("thrown");
        port.write(0, 1, 1);
        assertEquals(thrown, panics.judge(new VmExit(reason, "it ended", thrown)).cause());
    }

    @Test
    void whatTheHostOrTheMonitorEndsIsNoPanicsEndButHasAWordOfIt() {
        port.write(0, 1, 1);
        assertEquals(new VmExit(VmExitReason.STOPPED, "it ended, after its kernel panicked"), panics.judge(exit(VmExitReason.STOPPED)));
        assertEquals(exit(VmExitReason.BUG), panics.judge(exit(VmExitReason.BUG)));
        assertEquals(exit(VmExitReason.KVM_ERROR), panics.judge(exit(VmExitReason.KVM_ERROR)));
    }

    @Test
    void aGuestThatStandsStillAfterItsPanicIsEnded() {
        port.write(0, 1, 1);
        loop.run();
        loop.advance(Duration.ofMillis(4_999));
        port.write(0, 1, 1);
        loop.run();
        assertEquals(List.of(), ends, "it may have something to print");
        loop.advance(Duration.ofMillis(1));
        VmExit end = new VmExit(VmExitReason.GUEST_PANIC, "the guest's kernel panicked, and did not reset within 5 s");
        assertEquals(List.of(end), ends);
        assertEquals(end, panics.judge(end));
        loop.advance(Duration.ofHours(1));
        assertEquals(1, ends.size());
    }

    @Test
    void aCrashKernelMayTakeItsTimeAndItsEndIsThePanics() {
        port.write(0, 1, 2);
        loop.run();
        loop.advance(Duration.ofHours(1));
        assertEquals(List.of(), ends);
        assertEquals(VmExitReason.GUEST_PANIC, panics.judge(exit(VmExitReason.RESET)).reason());
        port.write(0, 1, 1);
        loop.run();
        loop.advance(Duration.ofSeconds(5));
        assertEquals(1, ends.size(), "the crash kernel panicked too");
    }

    @Test
    void aShutdownIsAPowerOff() {
        port.write(0, 1, 4);
        assertEquals(List.of(new VmExit(VmExitReason.POWEROFF, "the guest powered off (pvpanic)")), ends);
    }

    @ParameterizedTest
    @CsvSource({"RESET", "TRIPLE_FAULT", "STOPPED"})
    void whatOnlyAConsoleSaysChangesNoReason(VmExitReason reason) {
        print("x" + PANIC + "[    1.6] Rebooting in 1 seconds..");
        assertEquals(new VmExit(reason, "it ended, after its console said \"Kernel panic - not syncing: sysrq triggered crash\""), panics.judge(exit(reason)));
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.CONSOLE, "sysrq triggered crash")), panics.panic());
        loop.run();
        loop.advance(Duration.ofHours(1));
        assertEquals(List.of(), ends);
    }

    @Test
    void aGuestThatIsPoweredOffHasNotPanicked() {
        print(PANIC);
        assertEquals(exit(VmExitReason.POWEROFF), panics.judge(exit(VmExitReason.POWEROFF)));
    }

    @Test
    void whatIsPrintedGoesToTheConsoleAsItIs() {
        print("a" + PANIC + "b");
        assertEquals("a" + PANIC + "b", recorded.text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"kernel panic - not syncing\n", "Kernel panic - syncing\n", "Kernel panic\n - not syncing", "KernelKernel panic - not syncin"})
    void otherWordsAreNone(String text) {
        print(text);
        assertEquals(Optional.empty(), panics.panic());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {
        "Kernel panic - not syncing, ``",
        "KKernel KernelKernel panic - not syncing, ``",
        "Kernel panic - not syncing: VFS: x, ``",
        "Kernel panic - not syncing: VFS: x\\n, `VFS: x`",
        "Kernel panic - not syncing: a\\033[2Jb\\0\\377\\n, `a?[2Jb??`",
        "Kernel panic - not syncing: a\\nKernel panic - not syncing: b\\n, `b`",
    })
    void theTextBehindItIsPlainAndItsOwn(String printed, String text) {
        print(printed.translateEscapes());
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.CONSOLE, text)), panics.panic());
    }

    @Test
    void aLineWithoutEndIsCut() {
        print("Kernel panic - not syncing: " + "x".repeat(60_000));
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.CONSOLE, "x".repeat(118))), panics.panic());
    }

    @Test
    void aGuestThatGoesOnAfterPrintingItHasNotPanickedByThat() {
        print(PANIC);
        print("y".repeat(65_537));
        assertEquals(Optional.empty(), panics.panic());
        print("Kernel panic - not syncing");
        assertEquals(Optional.of(new GuestPanic(GuestPanic.Source.CONSOLE, "")), panics.panic());
        port.write(0, 1, 2);
        print("y".repeat(65_537));
        assertEquals(GuestPanic.Source.CRASH_KERNEL, panics.panic().orElseThrow().source(), "that was said otherwise");
    }
}
