package io.vmm4j.cli;

/** What the first argument asks for. */
public enum Command {
    /** Boot from options: {@code vmm --kernel-path ...}, the form without a subcommand. */
    BOOT(null, "Boot a virtual machine."),
    /** The same as a subcommand. */
    CREATE("create", "Boot a virtual machine; the same as vmm without a command."),
    /** Boot from a configuration file. */
    RUN("run", "Boot the virtual machine that a configuration file describes."),
    /** Change a running machine. */
    UPDATE("update", "Change a running virtual machine, by the socket of its --api-sock-path."),
    /** Serve Firecracker's API; its own words follow, which only its own door understands. */
    FIRECRACKER("firecracker", "Be Firecracker: its options, HTTP API and log. Has to be the first word."),
    /** Look at the host. */
    DOCTOR("doctor", "Check whether virtual machines can run on this host, and say what to do if not."),
    /** Explain a command. */
    HELP("help", "Show help for vmm or one of its commands.");

    private final String word;
    private final String summary;

    Command(String word, String summary) {
        this.word = word;
        this.summary = summary;
    }

    /** The word on the command line; {@code null} for the form without one. */
    public String word() {
        return word;
    }

    /** One sentence for help. */
    public String summary() {
        return summary;
    }

    /** The command with that word, or {@code null}. */
    static Command named(String word) {
        for (Command command : values()) {
            if (word.equals(command.word)) {
                return command;
            }
        }
        return null;
    }
}
