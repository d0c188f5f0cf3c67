package io.vmm4j.core.host;

/**
 * Finds the console's own commands in what a person types: Ctrl-A x ends the machine, Ctrl-A h asks for help, Ctrl-A
 * Ctrl-A stands for one Ctrl-A. Ctrl-A before any other key is passed on with that key, so that nothing typed is lost
 * to the guest's own use of Ctrl-A (line start in a shell, the prefix of screen). What is typed before Ctrl-A x in the
 * same read, and after it, goes nowhere: the machine is ending.
 *
 * <p>Confined to the thread that reads the terminal.
 */
final class EscapeFilter {
    private static final byte CTRL_A = 1;

    private boolean afterCtrlA;
    private boolean stop;
    private boolean help;

    /**
     * Copies input for the guest to {@code out}, less the commands. A Ctrl-A at the end waits for the next call.
     *
     * @param out at least one byte longer than {@code length}
     * @return how many bytes {@code out} has for the guest
     */
    int filter(byte[] in, int length, byte[] out) {
        int n = 0;
        for (int i = 0; i < length && !stop; i++) {
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
                default -> {
                    out[n++] = CTRL_A;
                    out[n++] = key;
                }
            }
        }
        return n;
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
