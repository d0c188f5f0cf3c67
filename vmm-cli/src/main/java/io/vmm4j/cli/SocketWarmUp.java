package io.vmm4j.cli;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.util.List;

/** Gets Java's Unix sockets ready on a thread beside, where the options name one: the first one of a process takes 20 ms. */
final class SocketWarmUp {

    private static final List<CliOption> OPTIONS = List.of(CliOption.CONSOLE_PATH, CliOption.SERIAL_PATH, CliOption.API_SOCK_PATH,
            CliOption.NAME, CliOption.DETACH);
    private static final List<String> NO_SOCKETS = List.of("stdio", "none");

    private SocketWarmUp() {
    }

    /** Begins, where {@link #isDue}. */
    static void startFor(String... words) {
        if (isDue(words)) {
            start();
        }
    }

    /** Whether {@code words} look as if there will be a socket: a guess, before they are taken apart; being wrong only costs time. */
    static boolean isDue(String... words) {
        for (int i = 0; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            CliOption option = CliOption.named(equals < 0 ? words[i] : words[i].substring(0, equals));
            String next = i + 1 < words.length ? words[i + 1] : "";
            String value = equals < 0 ? next : words[i].substring(equals + 1);
            if (option != null && OPTIONS.contains(option) && !NO_SOCKETS.contains(value)) {
                return true;
            }
        }
        return false;
    }

    private static void start() {
        Thread thread = new Thread(SocketWarmUp::open, "vmm-sockets");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) {
            // No thread to be had: whoever makes the first socket waits.
            return;
        }
    }

    private static void open() {
        try {
            ServerSocketChannel.open(StandardProtocolFamily.UNIX).close();
        } catch (IOException | LinkageError e) {
            // Said when one is needed.
            return;
        }
    }
}
