package io.vmm4j.core.host;

/**
 * Finds the console's own commands in what a person types: Ctrl-A x ends the machine, Ctrl-A h asks for help, Ctrl-A
 * Ctrl-A stands for one Ctrl-A. At a console that can be left, Ctrl-A d does that. Ctrl-A before any other key is passed on with that key, so that nothing typed is lost
 * to the guest's own use of Ctrl-A (line start in a shell, the prefix of screen). What is typed before Ctrl-A x in the
 * same read, and after it, goes nowhere: the machine is ending.
 *
 * <p>Confined to the thread that reads the terminal.
 */
final class EscapeFilter {
    private static final byte CTRL_A = 1;

    private final boolean canBeLeft;
    private boolean afterCtrlA;
    private boolean leave;
    private boolean stop;
    private boolean help;

    /** At a console that only goes with its machine. */
    EscapeFilter() {
        this(false);
    }

    /** @param canBeLeft whether Ctrl-A d is a command */
    EscapeFilter(boolean canBeLeft) {
        this.canBeLeft = canBeLeft;
    }

    /**
     * Copies input for the guest to {@code out}, less the commands. A Ctrl-A at the end waits for the next call.
     *
     * @param out at least one byte longer than {@code length}
     * @return how many bytes {@code out} has for the guest
     */
    int filter(byte[] in, int length, byte[] out) {
        int n = 0;
        for (int i = 0; i < length && !stop && !leave; i++) {
            byte key = in[i];
            if (!afterCtrlA) {
                afterCtrlA = key == CTRL_A;
                if (!afterCtrlA) {
                    out[n++] = key;
                }
                continue;
            }
            afterCtrlA = false;
            switch (key) {
                case 'x' -> stop = true;
                case 'h' -> help = true;
                case CTRL_A -> out[n++] = CTRL_A;
                case 'd' -> {
                    leave = canBeLeft;
                    n = canBeLeft ? n : pass(key, out, n);
                }
                default -> n = pass(key, out, n);
            }
        }
        return n;
    }

    private static int pass(byte key, byte[] out, int n) {
        out[n] = CTRL_A;
        out[n + 1] = key;
        return n + 2;
    }

    /** Whether the console is to be left. Stays so; what was typed before it in the same read is for the guest. */
    boolean leaveAsked() {
        return leave;
    }

    /** Whether the end of the machine was asked for. Stays so. */
    boolean stopAsked() {
        return stop;
    }

    /** Whether help was asked for since the last call of this method. */
    boolean takeHelpAsked() {
        boolean asked = help;
        help = false;
        return asked;
    }
}
