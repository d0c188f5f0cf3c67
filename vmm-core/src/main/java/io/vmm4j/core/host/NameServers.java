package io.vmm4j.core.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's name servers, resolv.conf(5), for a guest that does not reach the host's loopback. passt reads them by itself, and leaves out those
 * on the loopback; where these are all, they are often systemd-resolved, which writes down those behind it.
 */
final class NameServers {

    private static final Logger LOG = LoggerFactory.getLogger(NameServers.class);
    private static final String KEY = "nameserver";
    /** As many as passt takes of each kind, and resolvers look at. */
    private static final int MAX = 3;

    private NameServers() {
    }

    /** What passt has to be told for guests of this host: addresses in digits, none where it finds them by itself. */
    static List<String> toTell() {
        List<String> known = in(Path.of("/etc/resolv.conf"));
        if (known.isEmpty() || known.stream().anyMatch(NameServers::isBeyondLoopback)) {
            return List.of();
        }
        List<String> behind = in(Path.of("/run/systemd/resolve/resolv.conf")).stream().filter(NameServers::isBeyondLoopback).limit(MAX).toList();
        if (behind.isEmpty()) {
            LOG.warn("the host's name servers ({}) are on its loopback: the guest is told of none, unless it may reach that (--net user,host-loopback)",
                    String.join(", ", known));
        }
        return behind;
    }

    /** The addresses that {@code file} has; none when it cannot be read. */
    static List<String> in(Path file) {
        try {
            return Files.readAllLines(file).stream().map(line -> line.strip().split("\\s+")).filter(words -> words.length > 1 && words[0].equals(KEY))
                    .map(words -> words[1]).toList();
        } catch (IOException e) {
            LOG.debug("{}: {}", file, e.toString());
            return List.of();
        }
    }

    /** One with a scope is of a link that the guest is not on. */
    static boolean isBeyondLoopback(String address) {
        return address.matches("[0-9A-Fa-f.:]+") && !address.startsWith("127.") && !address.equals("::1") && !address.equals("0.0.0.0");
    }
}
