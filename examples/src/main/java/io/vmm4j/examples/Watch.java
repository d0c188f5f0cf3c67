package io.vmm4j.examples;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.console.CapturedConsole;
import io.vmm4j.core.event.EventJson;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.metrics.PrometheusText;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Prints what happens to a machine, a line of JSON each, and its metrics as Prometheus reads them. Arguments: KERNEL ROOTFS. */
public final class Watch {

    private Watch() {
    }

    public static void main(String[] args) throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        try (Vm vm = VmBuilder.create().name("watched").kernel(Path.of(args[0])).rootfs(Path.of(args[1])).serial(CapturedConsole.create()).build()) {
            // Called on a thread of its own, which the machine does not wait for.
            vm.addListener(event -> {
                System.out.println(EventJson.line(event));
                if (event instanceof VmEvent.Ended) {
                    told.countDown();
                }
            });
            vm.start();
            vm.await();
            told.await(10, TimeUnit.SECONDS);
            System.out.print(PrometheusText.of(vm.name(), vm.metrics()));
        }
    }
}
