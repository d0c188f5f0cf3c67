package io.vmm4j.core.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of the host's that leads into a guest.
 *
 * @param address   the host's address, IPv4 or IPv6 in digits; empty for all
 * @param hostPort  1 to 65535
 * @param guestPort 1 to 65535
 * @param isUdp     UDP, not TCP
 */
public record PublishedPort(String address, int hostPort, int guestPort, boolean isUdp) {

    private static final int MAX_PORT = 65535;
    private static final String FORM = "[ADDRESS:]HOST:GUEST, behind which /tcp or /udp may stand";
    private static final Pattern TEXT = Pattern.compile("(?:(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9A-Fa-f:.]{2,45}]):)?(\\d{1,9}):(\\d{1,9})(/tcp|/udp)?");

    /**
     * Reads {@code [ADDRESS:]HOST:GUEST[/tcp|/udp]}: {@code 8080:80}, {@code 127.0.0.1:5353:53/udp}, {@code [::1]:8080:80}.
     *
     * @throws IllegalArgumentException with a line that says what is wrong with it
     */
    public static PublishedPort parse(String text) {
        Matcher parts = TEXT.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException("published port \"" + text + "\" is not " + FORM);
        }
        String address = parts.group(1) == null ? "" : parts.group(1).replaceAll("[\\[\\]]", "");
        return new PublishedPort(address, port(parts.group(2), text), port(parts.group(3), text), "/udp".equals(parts.group(4)));
    }

    private static int port(String digits, String text) {
        int port = Integer.parseInt(digits);
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("published port \"" + text + "\": " + port + " is not in 1.." + MAX_PORT);
        }
        return port;
    }
}
