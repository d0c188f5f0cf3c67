package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vmm4j.examples.RunCommand;
import io.vmm4j.examples.VsockEcho;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs the examples that need Linux in their guest; the others are run by their own project. */
@Tag("linux")
class ExamplesLinuxTest {

    private interface Example {
        void main(String[] args) throws Exception;
    }

    private static String run(Example example, String... more) throws Exception {
        List<String> args = new ArrayList<>(List.of(LinuxGuest.bzImage().toString(), LinuxGuest.initrd().toString(),
                LinuxGuest.image("guest/rootfs.ext4").toString()));
        args.addAll(List.of(more));
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            example.main(args.toArray(String[]::new));
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aCommandIsRunAndItsStatusTold() throws Exception {
        assertEquals("Linux\nexit status 1\n", run(RunCommand::main, "uname -s; false"));
    }

    @Test
    void theGuestSendsBackWhatItIsSent() throws Exception {
        assertEquals("the guest sent back: hello\n", run(VsockEcho::main));
    }
}
