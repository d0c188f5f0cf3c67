package io.vmm4j.junit;

import io.vmm4j.core.HostVsock;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.ConsoleExpectationException;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** A test's running machine with its console. Thread-safe. */
public final class Guest {

    private final Vm vm;
    private final CapturedConsole console;
    private final Duration patience;

    Guest(Vm vm, CapturedConsole console, Duration patience) {
        this.vm = vm;
        this.console = console;
        this.patience = patience;
    }

    /** The machine. */
    public Vm vm() {
        return vm;
    }

    /** Its first serial port. */
    public CapturedConsole console() {
        return console;
    }

    /** The host's side of its vsock device, where {@link MicroVm#vsockCid} has one. */
    public HostVsock vsock() {
        return vm.vsock();
    }

    /**
     * Waits for {@code text} as {@link CapturedConsole#expect(String, Duration)}, no longer than {@link MicroVm#patienceSeconds}.
     *
     * @throws ConsoleExpectationException when it does not come
     */
    public String expect(String text) throws InterruptedException {
        return console.expect(text, patience);
    }

    /**
     * Waits for what {@code pattern} finds as {@link CapturedConsole#expect(Pattern, Duration)}, no longer than
     * {@link MicroVm#patienceSeconds}.
     *
     * @throws ConsoleExpectationException when it does not come
     */
    public MatchResult expect(Pattern pattern) throws InterruptedException {
        return console.expect(pattern, patience);
    }

    /** Types {@code text} on the console. */
    public void type(String text) throws InterruptedException {
        console.type(text);
    }

    /**
     * Waits for the machine's end, no longer than {@link MicroVm#patienceSeconds}.
     *
     * @throws AssertionError when it does not come
     */
    public VmExit awaitExit() throws InterruptedException {
        return vm.await(patience).orElseThrow(() -> new AssertionError("the guest has not ended within " + patience.toSeconds() + " s"));
    }
}
