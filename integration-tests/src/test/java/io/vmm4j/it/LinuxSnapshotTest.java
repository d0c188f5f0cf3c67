package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian frozen under load: a writer that remembers the checksums of what it writes, and an echo on a vsock port. It goes on in machines side by side,
 * and in another process, and all that it remembers is on its disk.
 */
@Tag("linux")
class LinuxSnapshotTest {

    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final int MIB = 1 << 20;
    private static final int ECHO_PORT = 1000;
    private static final String SCRIPT = """
            (i=0; until [ -e /tmp/stop ]; do i=$(((i + 1) % 32)); dd if=/dev/urandom of=/tmp/b bs=64k count=1 2>/dev/null
            dd if=/tmp/b of=/dev/vdb bs=64k seek=$i conv=notrunc,fsync 2>/dev/null; md5sum </tmp/b | cut -c1-32 >/tmp/sum.$i; echo $i >/tmp/last; done) &
            writer=$!
            socat VSOCK-LISTEN:1000,fork EXEC:cat &
            remembered() {
                touch /tmp/stop; wait $writer; echo 3 >/proc/sys/vm/drop_caches; bad=0; n=0
                for f in /tmp/sum.*; do i=${f#/tmp/sum.}; n=$((n + 1))
                [ "$(dd if=/dev/vdb bs=64k skip=$i count=1 2>/dev/null | md5sum | cut -c1-32)" = "$(cat $f)" ] || bad=$((bad + 1)); done
                echo "remembered=$n wrong=$bad."
            }
            complaints() { dmesg | grep -i -E 'lockup|stall|unstable|hung|I/O error|BUG:|backwards' || echo no=complaints; }
            random() { echo "random=$(head -c 16 /dev/urandom | md5sum | cut -c1-32)."; }
            moves() { a=$(cat /tmp/last); sleep 2; echo "moved=$([ "$a" != "$(cat /tmp/last)" ] && echo yes)."; }
            until [ -e /tmp/last ] && [ "$(cat /tmp/last)" -ge 3 ]; do :; done
            dmesg -c >/dev/null; echo under load
            while read line </dev/ttyS0; do [ "$line" = quit ] && break; eval "$line"; done
            """;

    @TempDir
    Path directory;

    /** What the guest has to say for a key, once it has. */
    private static String answer(CapturedConsole console, String command, String key) throws InterruptedException {
        console.type(command + "\n");
        Pattern pattern = Pattern.compile("\\b" + key + "=([^\\s.]+)[.\\s]");
        for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end;) {
            Matcher found = pattern.matcher(console.text());
            String last = null;
            while (found.find()) {
                last = found.group(1);
            }
            if (last != null) {
                return last;
            }
            console.awaitText("\u0000", Duration.ofMillis(100));
        }
        throw new AssertionError("no " + key + "=: " + console.text());
    }

    /** What the guest answers on a connection of its own, once its program listens. */
    private static String echoed(Path socket, String text) throws IOException {
        for (long end = System.nanoTime() + PATIENCE.toNanos(); ; ) {
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.write(ByteBuffer.wrap(("CONNECT " + ECHO_PORT + "\n").getBytes(StandardCharsets.US_ASCII)));
                String greeting = line(channel);
                if (greeting.startsWith("OK ")) {
                    channel.write(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.US_ASCII)));
                    return line(channel);
                }
                assertTrue(System.nanoTime() < end, "nobody listens in the guest");
            }
        }
    }

    private static String line(SocketChannel channel) throws IOException {
        StringBuilder text = new StringBuilder();
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (channel.read(octet.clear()) > 0 && octet.get(0) != '\n') {
            text.append((char) octet.get(0));
        }
        return text.toString();
    }

    private static void assertGoesOn(CapturedConsole console, Path socket) throws Exception {
        assertEquals("hello", echoed(socket, "hello"));
        assertEquals("yes", answer(console, "moves", "moved"), console.text());
        assertEquals("complaints", answer(console, "complaints", "no"), console.text());
    }

    private static void assertAllIsRemembered(CapturedConsole console) throws Exception {
        assertEquals("0", answer(console, "remembered", "wrong"), console.text());
    }

    private static VmExit quit(Vm vm, CapturedConsole console) throws InterruptedException {
        console.type("quit\n");
        return vm.await(PATIENCE).orElseThrow(() -> new AssertionError(console.text()));
    }

    private Path frozen(Path image) throws Exception {
        Path place = directory.resolve("frozen");
        CapturedConsole console = CapturedConsole.create();
        Path socket = directory.resolve("first.sock");
        try (Vm vm = LinuxGuest.machine(LinuxGuest.bzImage()).vcpus(2).drive(LinuxGuest.root())
                .drive(new DriveConfig("data", false, null, image.toString(), false, null)).vsock(42, socket).entropy(new EntropyConfig(null))
                .bootArgs(LinuxGuest.arguments(SCRIPT, "poweroff")).serial(console).build()) {
            vm.start();
            LinuxGuest.await(console, "under load");
            assertEquals("before", echoed(socket, "before"));
            vm.pause(Duration.ofMinutes(1));
            try (MachineSnapshot snapshot = vm.snapshot()) {
                String held = assertThrows(ConfigException.class, () -> snapshot.restore().vsock(directory.resolve("held.sock")).build()).getMessage();
                assertTrue(held.contains(image.toString()) && held.contains("drive of this process"), held);
                String taken = assertThrows(ConfigException.class, () -> snapshot.restore().build()).getMessage();
                assertTrue(taken.contains(socket.toString()), taken);
                snapshot.save(place);
            }
        }
        return place;
    }

    @Test
    void aFrozenGuestGoesOnInMachinesSideBySideAndThenInAnotherProcess() throws Exception {
        Path image = Files.write(directory.resolve("data.img"), new byte[4 * MIB]);
        Path place = frozen(image);
        byte[] disk = Files.readAllBytes(image);
        Map<String, String> randoms = new TreeMap<>();
        try (MachineSnapshot snapshot = MachineSnapshot.open(place)) {
            Path firstSocket = directory.resolve("a.sock");
            Path secondSocket = directory.resolve("b.sock");
            CapturedConsole firstConsole = CapturedConsole.create();
            CapturedConsole secondConsole = CapturedConsole.create();
            try (Vm first = started(snapshot.restore().name("a").vsock(43, firstSocket), firstConsole);
                    Vm second = started(snapshot.restore().name("b").vsock(44, secondSocket), secondConsole)) {
                randoms.put("a", answer(firstConsole, "random", "random"));
                randoms.put("b", answer(secondConsole, "random", "random"));
                assertGoesOn(firstConsole, firstSocket);
                assertGoesOn(secondConsole, secondSocket);
                assertAllIsRemembered(firstConsole);
                assertAllIsRemembered(secondConsole);
                assertEquals(VmExitReason.POWEROFF, quit(first, firstConsole).reason());
                second.pause();
            }
            assertNotEquals(randoms.get("a"), randoms.get("b"));
            assertEquals(Arrays.hashCode(disk), Arrays.hashCode(Files.readAllBytes(image)), "the image is as it was frozen");
        }
        inAnotherProcess(place);
        try (MachineSnapshot snapshot = MachineSnapshot.open(place)) {
            String written = assertThrows(ConfigException.class, () -> snapshot.restore().build()).getMessage();
            assertTrue(written.contains("has been written since the snapshot was taken"), written);
        }
    }

    private static Vm started(VmRestore restore, CapturedConsole console) throws Exception {
        Vm vm = restore.serial(console).build();
        vm.start();
        return vm;
    }

    private void inAnotherProcess(Path place) throws Exception {
        Process process = new ProcessBuilder(List.of(System.getProperty("java.home") + "/bin/java", "-cp", System.getProperty("java.class.path"),
                LinuxSnapshotTest.class.getName(), place.toString(), directory.resolve("c.sock").toString())).redirectErrorStream(true).start();
        StringBuilder said = new StringBuilder();
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                said.append(line).append('\n');
            }
        }
        assertEquals(0, process.waitFor(), said.toString());
        assertTrue(said.toString().contains("went on"), said.toString());
    }

    /** The other process: the guest goes on with its image, to its end. */
    public static void main(String[] args) throws Exception {
        CapturedConsole console = CapturedConsole.create();
        Path socket = Path.of(args[1]);
        try (MachineSnapshot snapshot = MachineSnapshot.open(Path.of(args[0]));
                Vm vm = started(snapshot.restore().writeToImages().vsock(socket), console)) {
            assertGoesOn(console, socket);
            assertAllIsRemembered(console);
            assertEquals(VmExitReason.POWEROFF, quit(vm, console).reason());
            System.out.println("went on");
        }
    }
}
