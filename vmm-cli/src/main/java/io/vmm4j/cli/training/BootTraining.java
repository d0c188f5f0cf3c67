package io.vmm4j.cli.training;

import io.vmm4j.cli.Cli;
import io.vmm4j.cli.ExitCode;
import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import io.vmm4j.core.snapshot.file.MemoryLayout;
import io.vmm4j.core.snapshot.file.PageSet;
import io.vmm4j.core.snapshot.file.PageSource;
import io.vmm4j.core.snapshot.file.SnapshotLabel;
import io.vmm4j.core.snapshot.file.SnapshotWriter;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Boots guests by vmm's command line, one after the other: each kind of kernel, with few devices and with all. One run; not thread-safe. */
final class BootTraining {

    private static final String LIMITER = "{\"bandwidth\": {\"size\": 1048576, \"refill_time\": 100}}";

    private final Path directory;
    private final Path disk;

    BootTraining(Path directory, Path disk) {
        this.directory = directory;
        this.disk = disk;
    }

    /** By options without JSON in them; whether all guests have run to their ends. */
    boolean byOptions() throws IOException {
        boolean hasBooted = boot("--kernel-path", kernel(TinyGuest.Kind.PVH), "--rootfs", disk.toString());
        List<String> more = List.of("--initrd-path", disk.toString(), "--vcpu", "2", "--boot-args", "console=ttyS0", "--rng", "--balloon", "0",
                "--free-page-reporting", "--mem-size", "64");
        hasBooted &= boot(join(List.of("--kernel-path", kernel(TinyGuest.Kind.ELF64), "--rootfs", disk.toString(), "--vsock", path("vsock"),
                "--console-path", path("console")), more));
        return hasBooted & boot(join(List.of("--kernel-path", kernel(TinyGuest.Kind.BZIMAGE), "--serial-path", path("serial")), more));
    }

    /** By a configuration file, and by options that have JSON for values; whether all guests have run to their ends. */
    boolean byJson() throws IOException {
        String drives = "[{\"drive_id\": \"data\", \"path_on_host\": \"" + disk + "\", \"is_root_device\": false, \"is_read_only\": true, \"rate_limiter\": "
                + LIMITER + "}]";
        boolean hasBooted = boot("run", config("pvh", TinyGuest.Kind.PVH, ""));
        hasBooted &= boot("run", config("elf", TinyGuest.Kind.ELF64, ", \"vsock\": {\"guest_cid\": 3, \"uds_path\": \"" + path("vsock")
                + "\"}, \"balloon\": {\"amount_mib\": 0, \"deflate_on_oom\": false, \"stats_polling_interval_s\": 1}, \"entropy\": {}"));
        return hasBooted & boot("--kernel-path", kernel(TinyGuest.Kind.BZIMAGE), "--initrd-path", disk.toString(), "--virblks", drives);
    }

    /** From a snapshot of a guest that has not done anything yet; whether it has run to its end. Without KVM as far as such files are read. */
    boolean byRestore() throws IOException {
        Path saved = directory.resolve("saved");
        VmBuilder machine = VmBuilder.create().kernel(Path.of(kernel(TinyGuest.Kind.PVH))).drive(new DriveConfig("rootfs", true, null, disk.toString(), false, null))
                .vsock(3, directory.resolve("vsock")).memoryMib(64).serial(new SerialConfig(SerialConfig.NONE));
        try (Vm vm = machine.build()) {
            vm.startPaused();
            try (MachineSnapshot snapshot = vm.snapshot()) {
                snapshot.save(saved);
            }
        } catch (ConfigException | SnapshotException | IOException e) {
            System.err.println("nothing to restore: " + e.getMessage());
            boot("run", config("pvh", TinyGuest.Kind.PVH, ""));
            return boot("restore", emptySnapshot());
        }
        return boot("restore", saved.toString(), "--serial-path", "stdio");
    }

    /** A snapshot that was never a machine, which is read and then refused. */
    private String emptySnapshot() throws IOException {
        Path place = directory.resolve("empty");
        MemoryLayout layout = new MemoryLayout(List.of(new MemoryLayout.Region(0, PageSet.PAGE_SIZE)));
        PageSource zeros = new PageSource() {
            @Override
            public long size() {
                return layout.size();
            }

            @Override
            public ByteBuffer read(long offset, int length) {
                return ByteBuffer.allocateDirect(length);
            }
        };
        try (SnapshotWriter writer = SnapshotWriter.create(place, false)) {
            writer.full(layout, zeros, PageSet.full(1));
            State nothing = State.builder().put("added", List.of()).put("text", "").put("bytes", new byte[1]).build();
            writer.commit(new SnapshotLabel("", 1, List.of("serial")), nothing);
        } catch (StateException e) {
            throw new IOException(e);
        }
        return place.toString();
    }

    private String config(String name, TinyGuest.Kind kind, String more) throws IOException {
        String text = "{\"boot-source\": {\"kernel_image_path\": \"" + kernel(kind) + "\", \"boot_args\": \"console=ttyS0\"}, "
                + "\"drives\": [{\"drive_id\": \"rootfs\", \"path_on_host\": \"" + disk + "\", \"is_root_device\": true, \"is_read_only\": false"
                + (more.isEmpty() ? "" : ", \"rate_limiter\": " + LIMITER) + "}], "
                + "\"machine-config\": {\"vcpu_count\": 1, \"mem_size_mib\": 128}, \"logger\": {\"log_path\": \"" + path("log") + "\"}" + more + "}";
        return Files.writeString(directory.resolve(name + ".json"), text).toString();
    }

    /** The path of a kernel of that kind, which is made. */
    String kernel(TinyGuest.Kind kind) throws IOException {
        return Files.write(directory.resolve("kernel-" + kind), TinyGuest.image(kind)).toString();
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    private List<String> join(List<String> first, List<String> second) {
        List<String> words = new ArrayList<>(first);
        words.addAll(second);
        return words;
    }

    private boolean boot(List<String> words) {
        return boot(words.toArray(new String[0]));
    }

    private boolean boot(String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        if (!words[0].equals("run")) {
            all.addAll(List.of("--log-file", path("log")));
        }
        return new Cli("vmm", System.out, System.err).run(all.toArray(new String[0])) == ExitCode.OK;
    }
}
