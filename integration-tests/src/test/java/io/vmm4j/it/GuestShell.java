package io.vmm4j.it;

import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.host.StreamConsole;
import java.time.Duration;

/** Types commands into the shell on a guest's console and gives back what they print. */
final class GuestShell {

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private final CapturedConsole console = StreamConsole.capture();
    private int commands;

    CapturedConsole console() {
        return console;
    }

    /** Waits for the initramfs to have come to its shell. */
    void awaitPrompt() {
        uninterrupted(() -> await("vmm4j-guest: init"));
        run("true");
    }

    /**
     * Runs {@code command} and waits for its end.
     *
     * @return what it printed, without line ends around it
     */
    String run(String command) {
        int number = ++commands;
        String begin = "<" + number + "<";
        String end = ">" + number + ">";
        uninterrupted(() -> {
            // Broken up, so that the echo of what is typed is not taken for the answer.
            console.type("echo '<''" + number + "<'; " + command + "; echo '>''" + number + ">'\n");
            await(end);
        });
        String text = console.text().replace("\r", "");
        return text.substring(text.indexOf(begin) + begin.length(), text.indexOf(end)).strip();
    }

    private void await(String text) throws InterruptedException {
        if (!console.awaitText(text, PATIENCE)) {
            throw new AssertionError("no \"" + text + "\" from the guest; it printed: " + console.text());
        }
    }

    private interface Dialogue {
        void hold() throws InterruptedException;
    }

    private static void uninterrupted(Dialogue dialogue) {
        try {
            dialogue.hold();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a test", e);
        }
    }
}
