package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Has socat in a Linux guest send back what comes to vsock port 52, and talks to it. Arguments: KERNEL INITRD ROOTFS, with {@code -} for no
 * initrd; the image has a shell and socat.
 */
public final class VsockEcho {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int PORT = 52;

    private VsockEcho() {
    }

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory("vm");
        VmBuilder machine = VmBuilder.create().kernel(Path.of(args[0])).memoryMib(256)
                .drive(new DriveConfig("rootfs", true, null, args[2], true, null))
                .bootArgs("console=ttyS0 quiet reboot=k panic=1 init=/bin/sh").vsock(3, directory.resolve("v.sock"));
        if (!args[1].equals("-")) {
            machine.initrd(Path.of(args[1]));
        }
        CapturedConsole console = CapturedConsole.create();
        try (Vm vm = machine.serial(console).build()) {
            vm.start();
            console.expect("# ", PATIENCE);
            console.type("socat -d -d VSOCK-LISTEN:" + PORT + " EXEC:cat\n");
            console.expect("listening on", PATIENCE);
            try (SocketChannel guest = vm.vsock().connect(PORT)) {
                byte[] sent = "hello".getBytes(StandardCharsets.US_ASCII);
                guest.write(ByteBuffer.wrap(sent));
                ByteBuffer echo = ByteBuffer.allocate(sent.length);
                while (echo.hasRemaining() && guest.read(echo) >= 0) {
                    // There is more to come.
                }
                System.out.println("the guest sent back: " + new String(echo.array(), 0, echo.position(), StandardCharsets.US_ASCII));
            }
        } finally {
            Files.delete(directory);
        }
    }
}
