package io.vmm4j.cli;

import io.vmm4j.kvm.libc.ProcessSession;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/** How a machine gets into the background: the process that the user starts has another one boot it, which then takes leave. */
final class Detachment {

    /** Set in the process that is to go on in the background. */
    static final String PROPERTY = "vmm.detached";
    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;

    private Detachment() {
    }

    /** Whether this process is the one that goes on. */
    static boolean isInOther() {
        return Boolean.getBoolean(PROPERTY);
    }

    /** Whether this process seems to be the one that only has another boot a machine: a guess, before the words are taken apart. */
    static boolean isForLauncher(String[] words) {
        return List.of(words).contains(CliOption.DETACH.longName()) && !isInOther();
    }

    /** Whether this process only has another boot the machine. What is wrong with the words it can say itself. */
    static boolean isForLauncher(Arguments arguments) {
        return arguments.isSet(CliOption.DETACH) && arguments.problems().isEmpty() && !isInOther();
    }

    /**
     * Takes leave of terminal and launcher, which gets the machine's name. Until here a key at the terminal ends both.
     *
     * @throws IOException when the host refuses, or the launcher has been ended
     */
    static void complete(String name, PrintStream out) throws IOException {
        ProcessSession.begin();
        out.println(name);
        if (out.checkError()) {
            throw new IOException("the process that was to say the machine's name has ended");
        }
        ProcessSession.closeStandard(STDIN);
        ProcessSession.closeStandard(STDERR);
        ProcessSession.closeStandard(STDOUT);
    }
}
