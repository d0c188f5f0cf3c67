package io.vmm4j.cli;

/** Where the process starts. */
public final class Main {

    /** Set by the launcher to the name it was called by. */
    static final String NAME_PROPERTY = "vmm.name";

    private Main() {
    }

    /** Does what the command line says and ends the process with an {@link ExitCode}. */
    public static void main(String[] args) {
        String name = System.getProperty(NAME_PROPERTY, "vmm");
        ExitCode exit = new Cli(name, System.out, System.err).run(args);
        System.exit(exit.code());
    }
}
