package io.vmm4j.cli;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.MachineControl;
import java.io.IOException;

/** What a command makes its machine of. Each is called once at most, on the command's thread. */
interface MachineSource {

    /** A machine that is about to be made. */
    interface Making {
        /** Looks for what is wrong with it; makes nothing. */
        void check() throws ConfigException, IOException;

        /** Makes it. */
        Vm build() throws ConfigException, IOException;
    }

    /** Looks for what is wrong with {@code config} beside what is said already. */
    void check(VmConfig config) throws ConfigException, IOException;

    /**
     * The machine.
     *
     * @param named  has its name, or {@code null}
     * @param config what it is to be, with what follows from the name
     */
    Making of(NamedMachine named, VmConfig config);

    /** Says by what the machine is controlled. */
    default void controlled(MachineControl control) {
        // A machine that boots has no past.
    }

    /** Lets the guest run. */
    default void start(Vm vm) {
        vm.start();
    }

    /** A machine that boots, which {@code use} may add to. */
    static MachineSource booting(GuestUse use) {
        return new MachineSource() {
            @Override
            public void check(VmConfig config) throws ConfigException, IOException {
                VmBuilder.fromConfig(config).check();
            }

            @Override
            public Making of(NamedMachine named, VmConfig config) {
                VmBuilder builder = use.prepare(named == null ? VmBuilder.fromConfig(config) : named.builder());
                return new Making() {
                    @Override
                    public void check() throws ConfigException, IOException {
                        builder.check();
                    }

                    @Override
                    public Vm build() throws ConfigException, IOException {
                        return builder.build();
                    }
                };
            }
        };
    }
}
