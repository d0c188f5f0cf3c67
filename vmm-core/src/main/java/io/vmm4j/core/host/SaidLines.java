package io.vmm4j.core.host;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a program says on its standard error, read on a thread of its own that ends with it: the last lines of it, for a message.
 * Thread-safe.
 */
final class SaidLines {

    private static final int MAX_LINES = 8;
    private static final int MAX_LENGTH = 200;
    private static final long END_MILLIS = 1000;
    /** What passt says with nothing wrong. */
    private static final Pattern USUAL = Pattern.compile("\\s*|Failed to send \\d+ bytes to syslog|Don't run as root.*|UNIX domain socket bound.*"
            + "|You can now start qemu.*|or qrap, for earlier.*| +(kvm|\\./qrap) .*|No external routable interface for IPv6"
            + "|Can't run AVX2 build.*");

    private final Deque<String> lines = new ArrayDeque<>();
    private final Thread thread;

    private SaidLines(Process process) {
        thread = new Thread(() -> read(process), "said-" + process.pid());
        thread.setDaemon(true);
    }

    /**
     * Begins to listen.
     *
     * @throws IOException when the host has no thread for that; the program is ended then
     */
    static SaidLines of(Process process) throws IOException {
        SaidLines said = new SaidLines(process);
        try {
            Threads.start(said.thread);
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
        return said;
    }

    private void read(Process process) {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            StringBuilder line = new StringBuilder();
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                if (c == '\n') {
                    add(line.toString());
                    line.setLength(0);
                } else if (line.length() < MAX_LENGTH) {
                    line.append(c < ' ' ? '?' : (char) c);
                }
            }
            add(line.toString());
        } catch (IOException e) {
            add(e.toString());
        }
    }

    private synchronized void add(String line) {
        if (USUAL.matcher(line).matches()) {
            return;
        }
        if (lines.size() == MAX_LINES) {
            lines.removeFirst();
        }
        lines.add(line.strip());
    }

    /** Drops what was said so far. */
    synchronized void forget() {
        lines.clear();
    }

    /** The last lines as the end of a line, {@code : this; that}; nothing when there are none. */
    synchronized String soFar() {
        List<String> all = new ArrayList<>(lines);
        return all.isEmpty() ? "" : ": " + String.join("; ", all);
    }

    /** As {@link #soFar}, of a program that has ended. */
    String afterTheEnd() {
        Threads.joinUninterruptibly(thread, END_MILLIS);
        return soFar();
    }
}
