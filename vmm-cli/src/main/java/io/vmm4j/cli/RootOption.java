package io.vmm4j.cli;

import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.MemorySize;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.rootfs.RootSource;
import io.vmm4j.core.rootfs.Rootfs;
import io.vmm4j.core.rootfs.RootfsException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A root file system that is named as a directory, an archive or a container image. */
final class RootOption {

    private static final int MIB_SHIFT = 20;

    private RootOption() {
    }

    /** Whether {@code --rootfs} names one. */
    static boolean isSource(Arguments arguments) {
        return RootSource.of(arguments.value(CliOption.ROOTFS)).isPresent();
    }

    /**
     * What {@code --rootfs} names; empty where it is a disk's image, or nothing.
     *
     * @throws RootfsException one line: it cannot be
     * @throws IOException     one line: the host refuses
     */
    static Optional<Rootfs> make(Arguments arguments) throws IOException {
        Optional<RootSource> source = RootSource.of(arguments.value(CliOption.ROOTFS));
        return source.isEmpty() ? Optional.empty() : Optional.of(Rootfs.of(source.get(), size(arguments)));
    }

    /** Adds what is wrong with the options that go with it. */
    static void check(Arguments arguments, List<String> problems) {
        String size = arguments.value(CliOption.ROOTFS_SIZE);
        if (size != null && !isSource(arguments)) {
            problems.add("a size is for an image that is made of a directory, an archive or a container image (" + arguments.nameOf(CliOption.ROOTFS_SIZE) + ")");
        } else if (size != null) {
            try {
                size(arguments);
            } catch (IllegalArgumentException e) {
                problems.add("root file system's size " + e.getMessage() + " (" + arguments.nameOf(CliOption.ROOTFS_SIZE) + ")");
            }
        }
        if (isSource(arguments) && arguments.value(CliOption.ROOTFS_FORMAT) != null) {
            problems.add("a format is for a disk's image, and " + arguments.value(CliOption.ROOTFS) + " is none (" + arguments.nameOf(CliOption.ROOTFS_FORMAT) + ")");
        }
    }

    private static long size(Arguments arguments) {
        String size = arguments.value(CliOption.ROOTFS_SIZE);
        return size == null ? 0 : Math.multiplyExact(MemorySize.parseMib(size), 1L << MIB_SHIFT);
    }

    /** {@code config} with its root drive on {@code rootfs}: what the guest writes goes to memory unless something else is said. */
    static VmConfig on(VmConfig config, Rootfs rootfs) throws IOException {
        List<DriveConfig> drives = new ArrayList<>();
        boolean isDone = false;
        for (DriveConfig drive : config.drives()) {
            boolean isIt = !isDone && RootSource.of(drive.pathOnHost()).isPresent();
            drives.add(isIt ? rootfs.drive(drive) : drive);
            isDone |= isIt;
        }
        return new VmConfig(config.bootSource(), drives, config.machineConfig(), config.logger(), config.serial(), config.vsock(),
                config.networkInterfaces(), config.entropy(), config.balloon(), config.console(), config.cpuConfig()).withRestOf(config);
    }

    /** {@code config}, that of a file, with its root drive made where that names no image. */
    static VmConfig made(VmConfig config) throws IOException {
        for (DriveConfig drive : config.drives()) {
            Optional<RootSource> source = drive.isRootDevice() ? RootSource.of(drive.pathOnHost()) : Optional.empty();
            if (source.isPresent()) {
                Rootfs rootfs = Rootfs.of(source.get(), 0);
                if (rootfs.container() != null) {
                    throw new RootfsException("root file system " + drive.pathOnHost() + " is a container image, whose program vmm shell --rootfs runs");
                }
                return on(config, rootfs);
            }
        }
        return config;
    }
}
