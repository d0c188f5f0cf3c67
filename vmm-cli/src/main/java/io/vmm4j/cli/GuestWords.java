package io.vmm4j.cli;

import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * Reads what the guest of {@code vmm shell} prints on its second serial port: lines of its first program, which begin with this run's nonce, and
 * what its kernel says, of which the last lines are kept. Nobody in the guest but root can read the nonce or write there.
 *
 * <p>{@link #accept} is called on vCPU threads, one at a time; the rest by any thread.
 */
final class GuestWords implements Consumer<String> {

    private static final int NONCE_BYTES = 16;
    private static final int KEPT_LINES = 12;
    private static final int STATUS_MAX = 255;

    private final String nonce;
    private final CountDownLatch ready = new CountDownLatch(1);
    /** Guarded by this. */
    private final Deque<String> last = new ArrayDeque<>();
    /** Guarded by this; negative before there is one. */
    private int status = -1;
    /** Guarded by this. */
    private String trouble;

    GuestWords() {
        byte[] random = new byte[NONCE_BYTES];
        new SecureRandom().nextBytes(random);
        nonce = "vmm-" + HexFormat.of().formatHex(random);
    }

    /** What the first program begins its lines with. */
    String nonce() {
        return nonce;
    }

    /** Open once the guest takes input. */
    CountDownLatch ready() {
        return ready;
    }

    @Override
    public void accept(String line) {
        if (line.startsWith(nonce + " ")) {
            told(line.substring(nonce.length() + 1).strip());
        } else if (!line.isBlank() && !line.contains(nonce)) {
            keep(line);
        }
    }

    private void told(String words) {
        if (words.equals("ready")) {
            ready.countDown();
        } else if (words.startsWith("error ")) {
            setTrouble(words.substring("error ".length()));
        } else if (words.matches("status \\d{1,3}")) {
            setStatus(Integer.parseInt(words.substring("status ".length())));
        }
    }

    /** The first counts. */
    private synchronized void setStatus(int told) {
        if (status < 0 && told <= STATUS_MAX) {
            status = told;
        }
    }

    private synchronized void setTrouble(String told) {
        trouble = trouble == null ? told : trouble;
    }

    private synchronized void keep(String line) {
        if (last.size() == KEPT_LINES) {
            last.removeFirst();
        }
        last.addLast(line);
    }

    /** The status of what the guest ran, 0 to 255, once it has told. */
    synchronized OptionalInt status() {
        return status < 0 ? OptionalInt.empty() : OptionalInt.of(status);
    }

    /** Why it could not run anything, or {@code null}. */
    synchronized String trouble() {
        return trouble;
    }

    /** What its kernel said last. */
    synchronized List<String> lastLines() {
        return new ArrayList<>(last);
    }
}
