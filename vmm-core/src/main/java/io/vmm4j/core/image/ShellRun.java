package io.vmm4j.core.image;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one run of {@code vmm shell} has its guest do; how the first program in the guest is told.
 *
 * @param nonce      begins each line of the guest's that is for us
 * @param console    the terminal's device in the guest, {@code hvc0} or {@code ttyS0}
 * @param errors     the device that takes standard error, or {@code null} where it goes to the console too
 * @param isTerminal whether the console is a terminal for a person; else bytes pass as they are, with the input in pieces ({@link #PIECE_MAX})
 * @param modules    to load
 * @param root       the root file system's device in the guest, such as {@code vda}, or {@code null} for none but the initramfs
 * @param command    a program and its arguments, or none for a shell
 * @param term       TERM of the terminal
 * @param own        what a shell of the guest executes to become the command, or {@code null} for {@code command} as such
 */
public record ShellRun(String nonce, String console, String errors, boolean isTerminal, List<String> modules, String root, List<String> command,
        String term, String own) {

    /** Most bytes of a piece of input: a line with its length, then so many bytes; one of length 0 is the end. */
    public static final int PIECE_MAX = 4096;

    private static final String SHELL_IN_ROOT = """
            for shell in /bin/bash /bin/sh; do
                [ -x "/sysroot$shell" ] || [ -L "/sysroot$shell" ] || continue
                exec chroot /sysroot "$shell" -l
            done
            echo 'there is no shell in this root file system' >&2
            exit 127""";

    public ShellRun {
        modules = List.copyOf(modules);
        command = List.copyOf(command);
    }

    /** One of a command as such, or a shell. */
    public ShellRun(String nonce, String console, String errors, boolean isTerminal, List<String> modules, String root, List<String> command,
            String term) {
        this(nonce, console, errors, isTerminal, modules, root, command, term, null);
    }

    /** The same run with a script that becomes the command. */
    public ShellRun by(String script) {
        return new ShellRun(nonce, console, errors, isTerminal, modules, root, command, term, script);
    }

    /** Assignments for a shell to read. */
    String settings() {
        Map<String, String> settings = new TreeMap<>();
        settings.put("nonce", nonce);
        settings.put("console", console);
        settings.put("errors", errors == null ? "" : errors);
        settings.put("mode", isTerminal ? "terminal" : "plain");
        settings.put("modules", String.join(" ", modules));
        settings.put("root", root == null ? "" : root);
        settings.put("term", term == null ? "" : term);
        StringBuilder text = new StringBuilder();
        settings.forEach((name, value) -> text.append("vmm_").append(name).append('=').append(quoted(value)).append('\n'));
        return text.toString();
    }

    /** What a shell of the guest executes to become the command. With a root file system, that is in it. */
    String script() {
        if (own != null) {
            return own;
        }
        StringBuilder text = new StringBuilder();
        if (command.isEmpty()) {
            text.append(root == null ? "exec /bin/sh -l" : SHELL_IN_ROOT);
        } else {
            text.append(root == null ? "exec" : "exec chroot /sysroot");
            command.forEach(word -> text.append(' ').append(quoted(word)));
        }
        return text.append('\n').toString();
    }

    /** As one word of a shell's. */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

}
