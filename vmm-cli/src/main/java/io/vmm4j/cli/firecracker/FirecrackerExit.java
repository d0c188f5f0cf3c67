package io.vmm4j.cli.firecracker;

/** Firecracker's exit codes, of those that this program can have. */
final class FirecrackerExit {

    /** The guest ended the machine, or what was asked for was printed. */
    static final int OK = 0;
    /** A host error, a wrong configuration file, a fault of the monitor. */
    static final int ERROR = 1;
    /** SIGXFSZ. */
    static final int XFSZ = 151;
    /** A wrong log level. */
    static final int BAD_CONFIGURATION = 152;
    /** A wrong command line. */
    static final int ARGUMENTS = 153;
    /** SIGXCPU. */
    static final int XCPU = 154;
    /** SIGHUP. */
    static final int HUP = 156;

    private FirecrackerExit() {
    }
}
