package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.junit.Guest;
import io.vmm4j.junit.MicroVm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests with a Linux guest as a user of vmm-junit writes them: its shell, and its vsock. One boot for all. */
@Tag("linux")
@MicroVm(kernel = "${vmm4j.images}/kernel/bzImage", initrd = "${vmm4j.images}/guest/initrd.cpio.gz", rootfs = "${vmm4j.images}/guest/rootfs.ext4",
        bootArgs = "console=ttyS0 quiet reboot=k panic=1 pci=off", memoryMib = 256, vsockCid = 42, ready = "vmm4j-guest: root file system up", patienceSeconds = 240,
        shared = true)
class MicroVmLinuxTest {

    /** What the shell prints, and not the echo of what is typed. */
    private static String answer(Guest guest, String command) throws InterruptedException {
        guest.type("echo \"<\"\"$(" + command + ")\"\">\"\n");
        return guest.expect(Pattern.compile("<([^\"<>]*)>")).group(1).replace("\r", "").strip();
    }

    @Test
    void aCommandRunsInTheGuest(Guest guest) throws Exception {
        assertEquals("Linux", answer(guest, "uname -s"));
        assertEquals("3", answer(guest, "expr 1 + 2"));
    }

    @Test
    void aVsockPortOfTheGuestAnswers(Guest guest) throws Exception {
        guest.type("socat -d -d VSOCK-LISTEN:52,fork EXEC:cat 2>/tmp/log &\n");
        answer(guest, "until grep -q listening /tmp/log; do usleep 100000; done");
        try (SocketChannel channel = guest.vsock().connect(52)) {
            channel.write(ByteBuffer.wrap("echo me\n".getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer echo = ByteBuffer.allocate(8);
            while (echo.hasRemaining()) {
                assertTrue(channel.read(echo) >= 0, "the guest has closed before its answer was whole");
            }
            assertEquals("echo me\n", new String(echo.array(), StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aPortThatNobodyListensAtIsRefused(Guest guest) {
        IOException refused = assertThrows(IOException.class, () -> guest.vsock().connect(53));
        assertTrue(refused.getMessage().contains("port 53 of the guest"), refused.getMessage());
    }
}
