package io.vmm4j.cli;

/** What the first argument asks for. */
public enum Command {
    /** Boot from options: {@code vmm --kernel-path ...}, the form without a subcommand. */
    BOOT(null, "Boot a virtual machine."),
    /** The same as a subcommand. */
    CREATE("create", "Boot a virtual machine; the same as vmm without a command."),
    /** Boot from a configuration file. */
    RUN("run", "Boot the virtual machine that a configuration file describes."),
    /** Boot a kernel of the host's to a shell, or to run a command. */
    SHELL("shell", "Boot a kernel of the host's to a shell, or run a command in it."),
    /** Change a running machine. */
    UPDATE("update", "Change a running virtual machine."),
    /** List the named machines. */
    PS("ps", "List the named machines of this user that run."),
    /** Say how machines are. */
    INFO("info", "Say how a running machine is."),
    /** Say what machines have done. */
    STATS("stats", "Say what a running machine has done so far."),
    /** Listen to a machine. */
    EVENTS("events", "Print what happens to a running machine, each a line of JSON, until it ends."),
    /** Attach to a console. */
    CONSOLE("console", "Attach this terminal to a machine's console; Ctrl-A d leaves it running."),
    /** Have guests stand still. */
    PAUSE("pause", "Have a running machine's guest stand still."),
    /** Have guests go on. */
    RESUME("resume", "Have a paused machine's guest go on."),
    /** Press power buttons. */
    STOP("stop", "Have a machine's guest power off, and stop the machine when it does not."),
    /** Pull plugs. */
    KILL("kill", "Stop a running machine at once, as pulling the plug does."),
    /** Freeze. */
    SNAPSHOT("snapshot", "Save a running machine as a directory, for vmm restore to go on from; or do something with such directories."),
    /** Look at a snapshot. */
    SNAPSHOT_INFO(SNAPSHOT, "info", "Say what a snapshot is of, and what it needs of the host."),
    /** Check a snapshot. */
    SNAPSHOT_VERIFY(SNAPSHOT, "verify", "Hold all of a snapshot against its checksums."),
    /** Join snapshots. */
    SNAPSHOT_MERGE(SNAPSHOT, "merge", "Make one snapshot of another and the diffs to it."),
    /** Go on. */
    RESTORE("restore", "Go on from a snapshot, with its console on this terminal."),
    /** Serve Firecracker's API; its own words follow, which only its own door understands. */
    FIRECRACKER("firecracker", "Be Firecracker: its options, HTTP API and log. Has to be the first word."),
    /** Look at the host. */
    DOCTOR("doctor", "Check whether virtual machines can run on this host, and say what to do if not."),
    /** Explain a command. */
    HELP("help", "Show help for vmm or one of its commands.");

    private final Command parent;
    private final String word;
    private final String summary;

    Command(String word, String summary) {
        this(null, word, summary);
    }

    Command(Command parent, String word, String summary) {
        this.parent = parent;
        this.word = word;
        this.summary = summary;
    }

    /** The word on the command line; {@code null} for the form without one. */
    public String word() {
        return word;
    }

    /** The command whose word comes first, or {@code null}. */
    public Command parent() {
        return parent;
    }

    /** All its words on the command line. */
    String words() {
        return parent == null ? word : parent.words() + " " + word;
    }

    /** One sentence for help. */
    public String summary() {
        return summary;
    }

    /** Whether it is for machines that run already, by their names or a control socket. */
    boolean isForRunning() {
        return switch (this) {
            case INFO, STATS, EVENTS, CONSOLE, PAUSE, RESUME, STOP, KILL, UPDATE, SNAPSHOT -> true;
            case BOOT, CREATE, RUN, SHELL, PS, SNAPSHOT_INFO, SNAPSHOT_VERIFY, SNAPSHOT_MERGE, RESTORE, FIRECRACKER, DOCTOR, HELP -> false;
        };
    }

    /** Whether it is for one machine at a time. */
    boolean isForOne() {
        return this == EVENTS || this == CONSOLE || this == UPDATE || this == SNAPSHOT;
    }

    /** The command with that word and no other in front of it, or {@code null}. */
    static Command named(String word) {
        return named(null, word);
    }

    /** The command with that word behind those of {@code parent}, or {@code null}. */
    static Command named(Command parent, String word) {
        for (Command command : values()) {
            if (command.parent == parent && word.equals(command.word)) {
                return command;
            }
        }
        return null;
    }
}
