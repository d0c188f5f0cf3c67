package io.vmm4j.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A tap interface of the host with an address, for one test. Needs root; without, the test is skipped. */
final class HostTap implements AutoCloseable {

    /** The host's address on the interface, and the guest's. */
    static final String HOST = "172.31.7.1";
    static final String GUEST = "172.31.7.2";

    private final String name;

    /** Makes interface {@code name}, with {@code further} words for {@code ip tuntap add}. */
    HostTap(String name, String... further) throws IOException, InterruptedException {
        this.name = name;
        assumeTrue(Files.isWritable(Path.of("/dev/net/tun")) && System.getProperty("user.name").equals("root"),
                "making a tap interface takes root");
        List<String> add = new ArrayList<>(List.of("tuntap", "add", name, "mode", "tap"));
        add.addAll(List.of(further));
        ip(add);
        ip(List.of("addr", "add", HOST + "/24", "dev", name));
        ip(List.of("link", "set", name, "up"));
    }

    String name() {
        return name;
    }

    /** Sets the interface's largest packet, in bytes. */
    void setMtu(int mtu) throws IOException, InterruptedException {
        ip(List.of("link", "set", name, "mtu", Integer.toString(mtu)));
    }

    private static void ip(List<String> words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(words);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + said);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        ip(List.of("link", "del", name));
    }
}
