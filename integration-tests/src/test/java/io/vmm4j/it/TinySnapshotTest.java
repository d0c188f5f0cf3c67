package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots of guests of a few bytes, and machines that go on from them. */
@Tag("kvm")
@Timeout(120)
class TinySnapshotTest extends GivenParts {

    private final CapturedConsole console = CapturedConsole.create();

    /** Counts the bytes that it is sent, in memory, and answers each with a letter: A to the first. */
    private static TinyKernel counting() {
        return new TinyKernel().print(">").bytes(0x66, 0xBA, 0xFD, 0x03, 0xEC, 0xA8, 0x01, 0x74, 0xF7, 0x66, 0xBA, 0xF8, 0x03, 0xEC)
                // inc byte [300000]; mov al, [300000]; add al, 40; out dx, al
                .bytes(0xFE, 0x04, 0x25, 0, 0, 0x30, 0, 0x8A, 0x04, 0x25, 0, 0, 0x30, 0, 0x04, 0x40, 0xEE, 0xEB, 0xDF);
    }

    private Vm counter() throws Exception {
        Vm vm = machine(counting()).memoryMib(32).serial(console).build();
        vm.start();
        assertTrue(console.awaitText(">", PATIENCE), console.text());
        return vm;
    }

    private static void count(CapturedConsole on, String expected) throws Exception {
        on.type("x".repeat(expected.length()));
        assertTrue(on.awaitText(expected, PATIENCE), "\"" + expected + "\" is not in \"" + on.text() + "\"");
    }

    /** A machine that goes on from a snapshot, started. */
    private static Vm fork(MachineSnapshot snapshot, CapturedConsole on) throws Exception {
        Vm vm = snapshot.restore().serial(on).build();
        vm.start();
        return vm;
    }

    @Test
    void aMachineGoesOnFromWhereAnotherStoodStillAndTheOtherGoesOnToo() throws Exception {
        try (Vm vm = counter()) {
            count(console, "ABC");
            try (MachineSnapshot snapshot = vm.snapshot()) {
                assertEquals(VmState.RUNNING, vm.state());
                CapturedConsole forked = CapturedConsole.create();
                try (Vm fork = fork(snapshot, forked)) {
                    count(forked, "DEF");
                    count(console, "D");
                    count(forked, "G");
                    assertEquals("DEFG", forked.text());
                }
            }
            count(console, "EF");
        }
        assertEquals(">ABCDEF", console.text());
    }

    @Test
    void machinesFromOneSnapshotShareNothingThatTheyWrite() throws Exception {
        try (Vm vm = counter()) {
            count(console, "A");
            vm.pause();
            List<Vm> forks = new ArrayList<>();
            List<CapturedConsole> consoles = new ArrayList<>();
            try (MachineSnapshot snapshot = vm.snapshot()) {
                for (int i = 0; i < 8; i++) {
                    consoles.add(CapturedConsole.create());
                    forks.add(fork(snapshot, consoles.get(i)));
                }
                assertEquals(VmState.PAUSED, vm.state());
            }
            // The snapshot is closed, and what the machines have of it is theirs.
            for (int i = 0; i < 8; i++) {
                count(consoles.get(i), "BCDEFGHI".substring(0, i + 1));
            }
            Vm.closeAll(forks);
            for (int i = 0; i < 8; i++) {
                assertEquals("BCDEFGHI".substring(0, i + 1), consoles.get(i).text());
            }
        }
    }

    @Test
    void aMachineIsPutBackInPlaceAsOftenAsOneLikes() throws Exception {
        try (Vm vm = counter()) {
            count(console, "AB");
            CapturedConsole forked = CapturedConsole.create();
            try (MachineSnapshot snapshot = vm.snapshot(); Vm fork = fork(snapshot, forked)) {
                for (int round = 0; round < 5; round++) {
                    count(forked, "CDE");
                    int pages = fork.resetTo(snapshot);
                    assertTrue(pages >= 1 && pages < 64, pages + " pages");
                }
                count(forked, "C");
                assertEquals("CDE".repeat(5) + "C", forked.text());
                // The machine that the snapshot was taken of can be put back to it too.
                count(console, "C");
                vm.resetTo(snapshot);
                count(console, "CD");
            }
        }
        assertEquals(">ABCCD", console.text());
    }

    @Test
    void aMachineFromASnapshotIsFrozenAgainAndAgain() throws Exception {
        try (Vm vm = counter()) {
            MachineSnapshot last = vm.snapshot();
            Vm machine = vm;
            for (char letter = 'A'; letter < 'F'; letter++) {
                CapturedConsole forked = CapturedConsole.create();
                Vm fork = fork(last, forked);
                count(forked, "" + letter);
                MachineSnapshot next = fork.snapshot();
                if (machine != vm) {
                    machine.close();
                }
                last.close();
                machine = fork;
                last = next;
            }
            machine.close();
            CapturedConsole forked = CapturedConsole.create();
            try (Vm fork = fork(last, forked)) {
                count(forked, "FG");
            }
            last.close();
            count(console, "A");
        }
    }

    @Test
    void aMachineThatEndsAfterASnapshotDoesNotTakeItAlong() throws Exception {
        MachineSnapshot snapshot;
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('$').reset()).serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            snapshot = vm.snapshot();
            console.type("$");
            assertEquals(VmExitReason.RESET, vm.await(PATIENCE).orElseThrow().reason());
        }
        CapturedConsole forked = CapturedConsole.create();
        try (snapshot; Vm fork = fork(snapshot, forked)) {
            forked.type("again$");
            assertEquals(VmExitReason.RESET, fork.await(PATIENCE).orElseThrow().reason());
            assertEquals("again$", forked.text());
        }
    }
}
