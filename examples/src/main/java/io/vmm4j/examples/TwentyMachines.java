package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.console.CapturedConsole;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Twenty machines at once, each with its console; they share the image, which none can write. Arguments: KERNEL ROOTFS. */
public final class TwentyMachines {

    private static final int MACHINES = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private TwentyMachines() {
    }

    public static void main(String[] args) throws Exception {
        List<Vm> machines = new ArrayList<>();
        List<CapturedConsole> consoles = new ArrayList<>();
        try {
            for (int i = 0; i < MACHINES; i++) {
                CapturedConsole console = CapturedConsole.create();
                consoles.add(console);
                machines.add(VmBuilder.create().name("worker-" + i).kernel(Path.of(args[0])).memoryMib(32)
                        .drive(new DriveConfig("rootfs", true, null, args[1], true, null)).serial(console).build());
            }
            machines.forEach(Vm::start);
            for (int i = 0; i < MACHINES; i++) {
                Optional<VmExit> exit = machines.get(i).await(PATIENCE);
                System.out.println(machines.get(i).name() + " said " + consoles.get(i).text() + " and "
                        + exit.map(end -> "ended: " + end.reason()).orElse("goes on"));
            }
        } finally {
            // The end of one does not wait for that of another.
            machines.forEach(machine -> machine.stop("all is done"));
            machines.forEach(Vm::close);
        }
    }
}
