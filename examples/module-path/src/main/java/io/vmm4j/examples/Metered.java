package io.vmm4j.examples;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vmm4j.core.KvmHost;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.micrometer.VmMeters;
import java.nio.file.Path;
import java.util.Optional;

/** Prints how many bytes a guest has printed by its end, as Micrometer has it; or why there can be no guest. Argument: KERNEL. */
public final class Metered {

    private Metered() {
    }

    public static void main(String[] args) throws Exception {
        Optional<String> problem = KvmHost.problem();
        if (problem.isPresent()) {
            System.out.println("no guest: " + problem.get());
            return;
        }
        System.out.println(bytesPrinted(Path.of(args[0])));
    }

    static long bytesPrinted(Path kernel) throws Exception {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (Vm vm = VmBuilder.create().name("metered").kernel(kernel).serial(CapturedConsole.create()).build(); VmMeters meters = new VmMeters(vm)) {
            meters.bindTo(registry);
            vm.start();
            vm.await();
            return (long) registry.get("vmm.serial.out.bytes").tag("vm", "metered").functionCounter().count();
        }
    }
}
