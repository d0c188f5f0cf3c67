package io.vmm4j.junit;

import io.vmm4j.core.VmBuilder;
import java.nio.file.Path;

/** Sets up a test's machine beyond what {@link MicroVm} says: its devices, or a kernel that is made for the test. */
@FunctionalInterface
public interface MicroVmSetup {

    /**
     * Called before the machine is built.
     *
     * @param machine   as the annotation has it, with its console
     * @param directory a new and empty one, deleted when the machine has ended
     * @throws Exception fails the test
     */
    void configure(VmBuilder machine, Path directory) throws Exception;

    /** Leaves the machine as the annotation has it. */
    final class None implements MicroVmSetup {

        /** As annotations name it. */
        public None() {
            // There is nothing to set up.
        }

        @Override
        public void configure(VmBuilder machine, Path directory) {
            // All is said.
        }
    }
}
