package io.vmm4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.junit.Guest;
import io.vmm4j.junit.MicroVm;
import io.vmm4j.junit.MicroVmSetup;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A test with a guest. Yours would name the files of a kernel and a root file system in place of the class that makes one. */
@MicroVm(setup = EchoTest.Echo.class, ready = "ready", memoryMib = 32, patienceSeconds = 30)
class EchoTest {

    static final class Echo implements MicroVmSetup {
        @Override
        public void configure(VmBuilder machine, Path directory) throws IOException {
            machine.kernel(new TinyGuest().print("ready").echoUntil('.').reset().writeTo(directory.resolve("kernel")));
        }
    }

    @Test
    void theGuestSendsBackWhatItIsTold(Guest guest) throws Exception {
        guest.type("hello.");
        assertEquals("hello.", guest.expect("."));
        assertEquals(VmExitReason.RESET, guest.awaitExit().reason());
    }
}
