package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmState;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.junit.Guest;
import io.vmm4j.junit.MicroVm;
import io.vmm4j.junit.MicroVmSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** What {@code @MicroVm} gives to tests, and says of those that fail. */
@Tag("kvm")
@Timeout(120)
class MicroVmTest {

    /** A guest that says it is up, and then what it is told, until that is a full stop: then it resets. */
    static final class Echo implements MicroVmSetup {

        static final List<Path> DIRECTORIES = new ArrayList<>();

        @Override
        public void configure(VmBuilder machine, Path directory) throws IOException {
            DIRECTORIES.add(directory);
            machine.kernel(new TinyKernel().print("up ").echoUntil('.').reset().writeTo(directory.resolve("kernel")))
                    .initrd(Files.write(directory.resolve("initrd"), new byte[] {1}));
        }
    }

    /** Machines that the tests below had. */
    private static final List<Vm> SEEN = new ArrayList<>();

    @BeforeEach
    void needsKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
        SEEN.clear();
        Echo.DIRECTORIES.clear();
    }

    private static TestExecutionSummary run(Class<?> tests) {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request().selectors(DiscoverySelectors.selectClass(tests)).build(), summary);
        return summary.getSummary();
    }

    private static void assertPasses(int tests, Class<?> fixture) {
        TestExecutionSummary summary = run(fixture);
        assertEquals(List.of(), summary.getFailures().stream().map(failure -> failure.getException().toString()).toList());
        assertEquals(tests, summary.getTestsSucceededCount());
    }

    private static Throwable failureOf(Class<?> fixture) {
        TestExecutionSummary summary = run(fixture);
        assertEquals(1, summary.getFailures().size());
        return summary.getFailures().get(0).getException();
    }

    private static void assertNothingIsLeft() {
        SEEN.forEach(vm -> assertEquals(VmState.STOPPED, vm.state()));
        Echo.DIRECTORIES.forEach(directory -> assertTrue(Files.notExists(directory), directory::toString));
    }

    @MicroVm(setup = Echo.class, ready = "up ")
    static class EachItsOwn {
        @BeforeEach
        void before(Vm vm) {
            SEEN.add(vm);
        }

        @Test
        void hasAGuestThatIsReady(Guest guest, CapturedConsole console, Vm vm) throws Exception {
            assertSame(console, guest.console());
            assertSame(vm, guest.vm());
            assertEquals(VmState.RUNNING, vm.state());
            guest.type("one.");
            assertEquals("one.", guest.expect("."));
            assertEquals(VmExitReason.RESET, guest.awaitExit().reason());
        }

        @Test
        void hasAnotherThatHasSaidNothingElse(Guest guest) throws Exception {
            assertEquals("up ", guest.console().text());
        }

        @Test
        @MicroVm(setup = Echo.class, memoryMib = 64)
        void takesItsOwnWordsBeforeItsClass(Vm vm) {
            assertEquals(64, vm.config().machineConfig().memSizeMib());
        }
    }

    @Test
    void eachTestHasAMachineOfItsOwn() {
        assertPasses(3, EachItsOwn.class);
        assertEquals(3, Echo.DIRECTORIES.size());
        assertNotSame(SEEN.get(0), SEEN.get(1));
        assertNothingIsLeft();
    }

    @MicroVm(setup = Echo.class, ready = "up ", shared = true)
    static class OneForAll {
        OneForAll(Vm vm) {
            SEEN.add(vm);
        }

        @Test
        void first(Vm vm) {
            SEEN.add(vm);
        }

        @Test
        void second(Vm vm) {
            SEEN.add(vm);
        }

        @Nested
        class Inside {
            @Test
            void third(Guest guest) throws Exception {
                SEEN.add(guest.vm());
                assertEquals(VmState.RUNNING, guest.vm().state());
            }
        }
    }

    @Test
    void aSharedMachineServesAClassAndThoseNestedInIt() {
        assertPasses(3, OneForAll.class);
        assertEquals(1, SEEN.stream().distinct().count());
        assertEquals(1, Echo.DIRECTORIES.size());
        assertNothingIsLeft();
    }

    @MicroVm(setup = Echo.class, ready = "up ")
    static class Failing {
        @Test
        void fails(Guest guest) throws Exception {
            SEEN.add(guest.vm());
            guest.type("about to fail.");
            guest.awaitExit();
            fail("as it should");
        }
    }

    @Test
    void aFailureHasWhatTheConsoleSaid() {
        Throwable failure = failureOf(Failing.class);
        assertEquals("as it should", failure.getMessage());
        assertEquals("the machine has ended, RESET: the guest asked for a reset (keyboard controller); its console said:\nup about to fail.",
                failure.getSuppressed()[0].toString());
        assertNothingIsLeft();
    }

    @MicroVm(setup = Echo.class, ready = "down ", patienceSeconds = 0)
    static class NeverReady {
        @Test
        void doesNotRun() {
            SEEN.add(null);
        }
    }

    @Test
    void aGuestThatDoesNotComeUpFailsTheTestAndLeavesNothing() {
        Throwable failure = failureOf(NeverReady.class);
        assertTrue(failure.getMessage().startsWith("the guest has not printed \"down \" within 0 ms"), failure.getMessage());
        assertEquals(List.of(), SEEN);
        assertNothingIsLeft();
    }

    @MicroVm(kernel = "${no.such.property}/vmlinux")
    static class Misconfigured {
        @Test
        void doesNotRun() {
            SEEN.add(null);
        }
    }

    @Test
    void aPropertyThatIsNotSetFailsTheTest() {
        assertEquals("@MicroVm(kernel = \"${no.such.property}/vmlinux\"): the system property no.such.property is not set",
                failureOf(Misconfigured.class).getMessage());
    }

    static class WithoutOne {
        @Test
        @MicroVm(setup = Echo.class)
        void hasOne(Vm vm) {
            SEEN.add(vm);
        }

        @Test
        void skipsItself(@SuppressWarnings("unused") org.junit.jupiter.api.TestInfo info) {
            assumeTrue(false, "not today");
        }
    }

    @Test
    void aMethodAloneMayHaveOne() {
        assertPasses(1, WithoutOne.class);
        assertEquals(1, SEEN.size());
        assertNothingIsLeft();
    }
}
