package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Consoles of an embedder's that are not what they must be: each is named, and nothing but its machine feels it. */
@Tag("kvm")
@Timeout(120)
class GivenConsolesTest extends GivenParts {

    private final CapturedConsole console = StreamConsole.capture();

    @Test
    void whateverAConsoleThrowsIsItsFaultToo() throws Exception {
        for (Throwable thrown : throwables()) {
            assertFaultOf("serial console", thrown, run(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
                @Override
                public void write(int octet) {
                    throw GivenParts.<RuntimeException>sneak(thrown);
                }
            })));
            assertFaultOf("serial console", thrown, run(machine(new TinyKernel().print("x").spin()).serial(new ShakyConsole() {
                @Override
                public boolean hasRoom() {
                    throw GivenParts.<RuntimeException>sneak(thrown);
                }
            })));
            VmExit exit = run(machine(new TinyKernel().reset()).serial(new ShakyConsole() {
                @Override
                public void close() {
                    throw GivenParts.<RuntimeException>sneak(thrown);
                }
            }));
            assertEquals(VmExitReason.RESET, exit.reason(), "the machine had ended before: " + exit);
            for (Consumer<VmBuilder> place : List.<Consumer<VmBuilder>>of(builder -> builder.serial(inAttach(thrown)),
                    builder -> builder.serial(StreamConsole.capture()).virtioConsole(inAttach(thrown)))) {
                VmBuilder machine = machine(new TinyKernel().spin());
                place.accept(machine);
                ConfigException refusal = assertThrows(ConfigException.class, machine::build);
                assertSame(thrown, refusal.getCause());
                assertTrue(refusal.getMessage().contains("console: attach() threw"), refusal.getMessage());
            }
        }
    }

    @Test
    void whatAStreamThrowsEndsItsMachineByTheConsolesName() throws Exception {
        OutputStream out = new OutputStream() {
            @Override
            public void write(int octet) {
                throw new IllegalStateException("no more paper");
            }
        };
        VmExit exit = run(machine(new TinyKernel().print("x").spin()).serial(InputStream.nullInputStream(), out));
        assertEquals(VmExitReason.DEVICE_FAULT, exit.reason());
        assertEquals("serial console: output.write() threw java.lang.IllegalStateException: no more paper", exit.message());
        InputStream in = new InputStream() {
            @Override
            public int read() {
                throw new IllegalStateException("no key");
            }
        };
        exit = run(machine(new TinyKernel().spin()).serial(StreamConsole.capture()).virtioConsole(in, OutputStream.nullOutputStream()));
        assertEquals(VmExitReason.DEVICE_FAULT, exit.reason());
        assertEquals("virtio console: input.read() threw java.lang.IllegalStateException: no key", exit.message());
    }

    private static SerialConsole inAttach(Throwable thrown) {
        return new ShakyConsole() {
            @Override
            public void attach(SerialPort port) {
                throw GivenParts.<RuntimeException>sneak(thrown);
            }
        };
    }

    @Test
    void aConsoleWithoutOutputOneThatServesTwiceAndOneThatTheHostRefusesAreNamed() throws Exception {
        SerialConsole mute = new ShakyConsole() {
            @Override
            public SerialSink output() {
                return null;
            }
        };
        ConfigException refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(mute)::build);
        assertEquals("serial console: output() is null (serial)", refusal.getMessage());
        refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(console).virtioConsole(console)::build);
        assertEquals("virtio console: it is the serial console too (console)", refusal.getMessage());
        SerialConsole refused = new ShakyConsole() {
            @Override
            public void attach(SerialPort port) throws IOException {
                throw new IOException("no such terminal");
            }
        };
        IOException hosts = assertThrows(IOException.class, machine(new TinyKernel().spin()).serial(refused)::build);
        assertTrue(hosts.getMessage().contains("serial console: attach() threw java.io.IOException: no such terminal"), hosts.getMessage());
        SerialConsole used = StreamConsole.capture();
        run(machine(new TinyKernel().reset()).serial(used));
        refusal = assertThrows(ConfigException.class, machine(new TinyKernel().spin()).serial(used)::build);
        assertInstanceOf(IllegalStateException.class, refusal.getCause());
        assertTrue(refusal.getMessage().contains("serial console: "), refusal.getMessage());
    }
}
