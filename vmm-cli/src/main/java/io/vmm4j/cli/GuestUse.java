package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;

/** What a command does with the machine that it boots, beyond waiting for its end. Each is called once, on the command's thread. */
interface GuestUse {

    /** Adds to the machine what no configuration says. */
    default VmBuilder prepare(VmBuilder machine) {
        return machine;
    }

    /** All that the configuration names has been read, and the guest is about to start. */
    default void built(Vm vm) {
        // Nothing is to be done for a machine as such.
    }

    /** The exit status for a machine that ended so. */
    default ExitCode exitCode(VmExit exit) {
        return ExitCode.of(exit.reason());
    }
}
