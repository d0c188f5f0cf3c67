package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.MachineControl;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.io.IOException;

/**
 * A machine that goes on from a snapshot.
 *
 * @param snapshot open as long as the machine is there
 * @param restore  of it, with what the options say
 * @param isPaused whether the guest stands still at first
 */
record RestoreSource(MachineSnapshot snapshot, VmRestore restore, boolean isPaused) implements MachineSource {

    @Override
    public void check(VmConfig config) {
        // What it lacks is found by making it.
    }

    @Override
    public Making of(NamedMachine named, VmConfig config) {
        // What was on this terminal is elsewhere for a machine in the background. What only the snapshot names is not to be named here.
        if (!config.serial().equals(restore.toConfig().serial())) {
            restore.serial(config.serial());
        }
        if (config.console() != null && !config.console().equals(restore.toConfig().console())) {
            restore.virtioConsole(config.console());
        }
        if (named != null) {
            restore.name(named.name());
            named.window().ifPresent(restore::virtioConsole);
        }
        return new Making() {
            @Override
            public void check() {
                // As above.
            }

            @Override
            public Vm build() throws ConfigException, IOException {
                return restore.build();
            }
        };
    }

    @Override
    public void controlled(MachineControl control) {
        control.cameFrom(snapshot);
    }

    @Override
    public void start(Vm vm) {
        if (isPaused) {
            vm.startPaused();
        } else {
            vm.start();
        }
    }
}
