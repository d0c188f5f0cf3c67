package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmState;
import io.vmm4j.core.event.EventJson;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.host.StreamConsole;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a listener hears of a machine, in its order and up to its end, as the lines that a script has. */
@Tag("kvm")
@Timeout(120)
class TinyNewsTest extends GivenParts {

    private final BlockingQueue<VmEvent> heard = new LinkedBlockingQueue<>();

    private Vm started(TinyKernel kernel, SerialConsole console) throws Exception {
        VmBuilder machine = machine(kernel).serial(console);
        Vm vm = machine.build();
        vm.addListener(heard::add);
        vm.start();
        return vm;
    }

    /** The next event's line, without its time. */
    private String next() throws InterruptedException {
        VmEvent event = heard.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return event == null ? null : EventJson.line(event).replaceFirst("\"time\":\"[^\"]*\",", "");
    }

    private List<String> toTheEnd() throws InterruptedException {
        List<String> lines = new ArrayList<>();
        do {
            lines.add(next());
        } while (!lines.get(lines.size() - 1).contains("\"ended\""));
        return lines;
    }

    private static String state(VmState state) {
        return "{\"event\":\"state\",\"state\":\"" + state.name().toLowerCase(Locale.ROOT) + "\"}";
    }

    private static String ended(String reason, String message) {
        return "{\"event\":\"ended\",\"reason\":\"" + reason + "\",\"message\":\"" + message + "\"}";
    }

    @Test
    void statesAndAResetWithItsReason() throws Exception {
        CapturedConsole console = StreamConsole.capture();
        try (Vm vm = started(new TinyKernel().print("up").echoUntil('$').reset(), console)) {
            assertTrue(console.awaitText("up", PATIENCE));
            vm.pause();
            vm.pause();
            vm.resume();
            vm.resume();
            console.type("$");
            assertEquals(List.of(state(VmState.RUNNING), state(VmState.PAUSED), state(VmState.RUNNING), state(VmState.STOPPING), state(VmState.STOPPED),
                    ended("reset", "the guest asked for a reset (keyboard controller)")), toTheEnd());
        }
    }

    @Test
    void aPanicWithItsWordsAndTheEndThatFollows() throws Exception {
        String line = "[    1.0] Kernel panic - not syncing: Attempted to kill init!\n";
        try (Vm vm = started(new TinyKernel().print(line).out(0x505, 1).reset(), StreamConsole.capture())) {
            List<String> lines = toTheEnd();
            assertTrue(lines.contains("{\"event\":\"guest-panic\",\"text\":\"Attempted to kill init!\"}"), lines::toString);
            assertEquals(ended("guest-panic", "the guest's kernel panicked (Attempted to kill init!): the guest asked for a reset (keyboard controller)"),
                    lines.get(lines.size() - 1));
        }
    }

    @Test
    void aTripleFault() throws Exception {
        try (Vm vm = started(new TinyKernel().tripleFault(), StreamConsole.capture())) {
            List<String> lines = toTheEnd();
            assertTrue(lines.get(lines.size() - 1).startsWith("{\"event\":\"ended\",\"reason\":\"triple-fault\""), lines::toString);
        }
    }

    private void visit(Path socket, String name) throws IOException, InterruptedException {
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            assertTrue(client.isConnected());
            assertEquals("{\"event\":\"console-client\",\"console\":\"" + name + "\",\"connected\":true}", next());
        }
        assertEquals("{\"event\":\"console-client\",\"console\":\"" + name + "\",\"connected\":false}", next());
    }

    @Test
    void clientsOfBothConsolesComeAndGo() throws Exception {
        Path serial = directory.resolve("serial.sock");
        Path console = directory.resolve("console.sock");
        try (Vm vm = machine(new TinyKernel().spin()).serial(new SocketConsole(serial)).virtioConsole(new SocketConsole(console)).build()) {
            vm.addListener(heard::add);
            vm.start();
            assertEquals(state(VmState.RUNNING), next());
            visit(serial, "serial");
            visit(console, "console");
            visit(serial, "serial");
        }
    }
}
