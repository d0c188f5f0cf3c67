package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Boots Linux with a shell as its first program, runs a command there, and prints what it printed. Arguments: KERNEL INITRD ROOTFS
 * COMMAND, with {@code -} for no initrd. The image is not written to.
 */
public final class RunCommand {

    private static final Duration BOOT = Duration.ofMinutes(4);
    private static final Duration COMMAND = Duration.ofMinutes(2);

    private RunCommand() {
    }

    public static void main(String[] args) throws Exception {
        VmBuilder machine = VmBuilder.create().kernel(Path.of(args[0])).memoryMib(256)
                .drive(new DriveConfig("rootfs", true, null, args[2], true, null))
                .bootArgs("console=ttyS0 quiet reboot=k panic=1 init=/bin/sh");
        if (!args[1].equals("-")) {
            machine.initrd(Path.of(args[1]));
        }
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = machine.serial(console).build()) {
            vm.start();
            console.expect("# ", BOOT);
            // The marks are broken up, so that the echo of what is typed is not taken for the answer.
            console.type("echo be''gin; " + args[3] + "; echo en''d $?\n");
            MatchResult answer = console.expect(Pattern.compile("begin\\s+(.*?)end (\\d+)", Pattern.DOTALL), COMMAND);
            System.out.print(answer.group(1).replace("\r", ""));
            System.out.println("exit status " + answer.group(2));
        }
    }
}
