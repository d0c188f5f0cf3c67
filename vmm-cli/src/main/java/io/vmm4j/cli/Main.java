package io.vmm4j.cli;

import io.vmm4j.cli.firecracker.FirecrackerDoor;
import java.util.Arrays;

/** Where the process starts. */
public final class Main {

    /** Set by the launcher to the name it was called by. */
    static final String NAME_PROPERTY = "vmm.name";

    private static final String FIRECRACKER = "firecracker";

    private Main() {
    }

    /** Firecracker's door as {@link #main} opens it, but for the process, which goes on: for what class archives are made from. */
    public static void rehearseFirecracker(String... words) {
        NativeWarmUp natives = new NativeWarmUp();
        natives.start();
        FirecrackerDoor.rehearse(natives::await, natives::close, words);
    }

    /** Does what the command line says and ends the process with an {@link ExitCode}, or with the status of the signal that ended it. */
    public static void main(String[] args) {
        String name = System.getProperty(NAME_PROPERTY, "vmm");
        boolean isFirstWord = args.length > 0 && args[0].equals(FIRECRACKER);
        if (isFirstWord || name.equals(FIRECRACKER)) {
            NativeWarmUp natives = new NativeWarmUp();
            natives.start();
            FirecrackerDoor.run(natives::await, natives::close, isFirstWord ? Arrays.copyOfRange(args, 1, args.length) : args);
            return;
        }
        Cli cli = new Cli(name, System.out, System.err);
        ExitCode exit = cli.run(args);
        int code = exit == ExitCode.OK ? cli.guestStatus() : exit.code();
        int status = cli.signalStatus() == 0 ? code : cli.signalStatus();
        System.out.flush();
        if (cli.isShutDown()) {
            // A signal decides the status: wait for its shutdown.
            System.exit(status);
        }
        // Everything is closed, and no hook has work left. From Java 21 on, exit looks through all jars for a logger first.
        Runtime.getRuntime().halt(status);
    }
}
