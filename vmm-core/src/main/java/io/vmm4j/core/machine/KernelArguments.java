package io.vmm4j.core.machine;

import io.vmm4j.core.boot.CommandLine;
import io.vmm4j.core.boot.CommandLineException;
import io.vmm4j.core.boot.KernelImage;
import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.layout.VirtioMmioSlot;
import java.util.List;
import java.util.Optional;

/** Puts the kernel's command line together: the user's arguments, the root device, the virtio devices. */
final class KernelArguments {

    private static final String KEY = "boot-source.boot_args";

    private static final String SERIAL_CONSOLE = "console=ttyS0";
    private static final String HVC_CONSOLE = "console=hvc0";

    private KernelArguments() {
    }

    /**
     * What the kernel has its root file system on.
     *
     * @param partuuid          the partition's, or {@code null}
     * @param hasPartitionTable whether its first partition is meant
     */
    record Root(String partuuid, boolean hasPartitionTable, boolean isReadOnly) {

        private String device() {
            return partuuid != null ? "PARTUUID=" + partuuid : hasPartitionTable ? "/dev/vda1" : "/dev/vda";
        }
    }

    /**
     * The whole command line, or {@code null} after a problem was noted.
     *
     * @param hasConsole whether the guest has a virtio console, which a kernel without arguments of the user's shall use
     * @param kernel the kernel that has to take it, or {@code null} when that could not be opened
     * @param root   the root device, which is the first disk; empty when there is none, or it is not known
     * @param slots  the virtio devices
     */
    static CommandLine of(BootSourceConfig boot, boolean hasConsole, KernelImage kernel, Optional<Root> root, List<VirtioMmioSlot> slots,
            Problems problems) {
        try {
            CommandLine line = CommandLine.parse(userArguments(boot, hasConsole));
            if (root.isPresent() && !line.hasRoot()) {
                line = line.withRoot(root.get().device()).withRootMode(root.get().isReadOnly());
            }
            for (VirtioMmioSlot slot : slots) {
                line = line.withVirtioMmio(slot);
            }
            line.requireFits(kernel == null ? CommandLine.COMMAND_LINE_SIZE : kernel.commandLineLimit());
            return line;
        } catch (CommandLineException e) {
            problems.add(KEY, e.getMessage());
            return null;
        }
    }

    /**
     * The last console is what /dev/console is. The serial port stays one even without a host's end: kernels whose console
     * driver is a module have nothing else to start their first program on.
     */
    private static String userArguments(BootSourceConfig boot, boolean hasConsole) {
        if (boot.bootArgs() != null) {
            return boot.bootArgs();
        }
        return hasConsole ? BootSourceConfig.DEFAULT_BOOT_ARGS.replace(SERIAL_CONSOLE, SERIAL_CONSOLE + " " + HVC_CONSOLE)
                : BootSourceConfig.DEFAULT_BOOT_ARGS;
    }
}
