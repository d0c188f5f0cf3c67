package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.SnapshotPool;
import io.vmm4j.core.snapshot.SnapshotTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pools of machines from a snapshot, snapshots in files, and what is refused, with guests of a few bytes. */
@Tag("kvm")
@Timeout(120)
class TinySnapshotPoolTest extends GivenParts {

    private final CapturedConsole console = CapturedConsole.create();

    private Vm echoing() throws Exception {
        Vm vm = machine(new TinyKernel().print("up").echoUntil('$').reset()).memoryMib(32).serial(console).build();
        vm.start();
        assertTrue(console.awaitText("up", PATIENCE), console.text());
        return vm;
    }

    private static void assertEchoes(Vm vm, CapturedConsole on) throws Exception {
        on.type("hi");
        assertTrue(on.awaitText("hi", PATIENCE), on.text());
        assertEquals(VmState.RUNNING, vm.state());
    }

    @Test
    void aPoolKeepsMachinesReadyAndClosesThoseThatNobodyTook() throws Exception {
        List<CapturedConsole> consoles = new CopyOnWriteArrayList<>();
        List<Vm> made = new CopyOnWriteArrayList<>();
        Vm taken;
        try (Vm vm = echoing(); MachineSnapshot snapshot = vm.snapshot();
                SnapshotPool pool = SnapshotPool.of(snapshot, 2, restore -> {
                    CapturedConsole own = CapturedConsole.create();
                    Vm machine = restore.serial(own).build();
                    consoles.add(own);
                    made.add(machine);
                    return machine;
                })) {
            while (pool.ready() < 2) {
                Thread.onSpinWait();
            }
            taken = pool.take();
            taken.start();
            assertEchoes(taken, consoles.get(made.indexOf(taken)));
            while (pool.ready() < 2) {
                Thread.onSpinWait();
            }
            assertEquals(3, made.size());
        }
        assertEquals(VmState.RUNNING, taken.state(), "it is its taker's");
        taken.close();
        assertTrue(made.stream().allMatch(vm -> vm.state() == VmState.STOPPED));
    }

    @Test
    void aSnapshotIsSavedAndOpenedAndADiffToItIsSmallAndNoSnapshotByItself() throws Exception {
        Path full = directory.resolve("full");
        Path diff = directory.resolve("diff");
        try (Vm vm = echoing(); MachineSnapshot first = vm.snapshot()) {
            assertEquals("the snapshot that this is to be a diff to has not been saved",
                    assertThrows(SnapshotException.class, () -> first.save(SnapshotTarget.directory(diff).diffTo(first))).getMessage());
            first.save(full);
            assertEchoes(vm, console);
            try (MachineSnapshot second = vm.snapshot()) {
                second.save(SnapshotTarget.directory(diff).diffTo(first));
            }
        }
        assertTrue(Files.size(full.resolve("memory")) == 32 << 20);
        String refusal = assertThrows(SnapshotException.class, () -> MachineSnapshot.open(diff)).getMessage();
        assertTrue(refusal.startsWith(diff + " is only what differs from snapshot "), refusal);
        CapturedConsole on = CapturedConsole.create();
        try (MachineSnapshot opened = MachineSnapshot.open(full); Vm vm = opened.restore().serial(on).build()) {
            vm.start();
            assertEchoes(vm, on);
            // It is replaced while a machine runs from it.
            try (MachineSnapshot again = vm.snapshot()) {
                again.save(SnapshotTarget.directory(full).replacing());
            }
            vm.resetTo(opened);
            assertEchoes(vm, on);
        }
        CapturedConsole copied = CapturedConsole.create();
        try (MachineSnapshot opened = MachineSnapshot.open(full); Vm vm = opened.restore().copyMemory(true).serial(copied).build()) {
            vm.start();
            assertEchoes(vm, copied);
        }
    }

    @Test
    void whatCannotBeInASnapshotIsNamedAndTheMachineGoesOn() throws Exception {
        try (Vm vm = machine(new TinyKernel().print("up").echoUntil('$').reset()).serial(console).device("shaky", new Shaky()).build()) {
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            String refusal = assertThrows(SnapshotException.class, vm::snapshot).getMessage();
            assertTrue(refusal.startsWith("device shaky: "), refusal);
            assertEchoes(vm, console);
        }
    }

    @Test
    void aSnapshotOfSomebodyElsesIsRestoredOnNothingThatItAloneNames() throws Exception {
        Path image = Files.write(directory.resolve("image"), new byte[4096]);
        try (Vm vm = machine(new TinyKernel().print("up").spin()).drive(new DriveConfig("d", false, null, image.toString(), true, null))
                .serial(console).build()) {
            vm.start();
            assertTrue(console.awaitText("up", PATIENCE), console.text());
            try (MachineSnapshot snapshot = vm.snapshot()) {
                String refusal = assertThrows(ConfigException.class, () -> snapshot.restore().onlyNamed().build()).getMessage();
                assertTrue(refusal.contains("drive d was on " + image), refusal);
                snapshot.restore().onlyNamed().drive("d", image).build().close();
            }
        }
    }
}
