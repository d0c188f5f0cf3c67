package io.vmm4j.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.machine.MachineState;
import io.vmm4j.core.snapshot.file.SnapshotFileException;
import io.vmm4j.core.snapshot.file.SnapshotInfo;
import io.vmm4j.core.snapshot.file.SnapshotMerge;
import io.vmm4j.core.snapshot.file.SnapshotReader;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.text.Printable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code vmm snapshot info}, {@code verify} and {@code merge}: what is done with directories of snapshots. */
final class SnapshotFiles {

    private static final long MIB = 1 << 20;

    private final PrintStream out;
    private final PrintStream err;
    private final Consumer<String> errors;

    /**
     * @param out    gets what was asked for
     * @param err    shows how far it is, where that is a terminal
     * @param errors takes a line for each thing that is wrong
     */
    SnapshotFiles(PrintStream out, PrintStream err, Consumer<String> errors) {
        this.out = out;
        this.err = err;
        this.errors = errors;
    }

    ExitCode run(Arguments arguments) {
        if (!arguments.problems().isEmpty()) {
            arguments.problems().forEach(errors);
            return ExitCode.USAGE;
        }
        try {
            List<Path> directories = arguments.operands().stream().map(Path::of).toList();
            switch (arguments.command()) {
                case SNAPSHOT_INFO -> info(directories.get(0), arguments.isSet(CliOption.JSON));
                case SNAPSHOT_VERIFY -> verify(directories.get(0));
                case SNAPSHOT_MERGE -> merge(directories, arguments.isSet(CliOption.REPLACE));
                default -> throw new IllegalArgumentException("no command for a snapshot's files: " + arguments.command());
            }
            return ExitCode.OK;
        } catch (InvalidPathException e) {
            errors.accept("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason());
            return ExitCode.USAGE;
        } catch (IOException e) {
            return refuse(e, errors);
        }
    }

    /** Says why files are refused, or what the host lacks; returns the status. */
    static ExitCode refuse(IOException failure, Consumer<String> errors) {
        try {
            Shortage.rethrow(failure);
        } catch (IOException e) {
            errors.accept("the host refused: " + e.getMessage());
            return ExitCode.HOST_ERROR;
        }
        errors.accept(failure.getMessage());
        return failure instanceof SnapshotFileException file && !file.isOfHost() ? ExitCode.USAGE : ExitCode.HOST_ERROR;
    }

    private void verify(Path directory) throws IOException {
        try (SnapshotReader reader = SnapshotReader.open(directory); ProgressLine line = ProgressLine.onTerminal(err, "verifying")) {
            long of = reader.info().memoryBytes();
            reader.verify(bytes -> line.show(bytes, of));
            line.close();
            out.println(Printable.line(directory + ": " + size(reader.info().usedBytes()) + " of memory are as they were saved"));
        }
    }

    private void merge(List<Path> directories, boolean isReplaced) throws IOException {
        int last = directories.size() - 1;
        // Each is read, and the new one written.
        try (BreakableWork work = BreakableWork.begin(); ProgressLine line = ProgressLine.onTerminal(err, "merging")) {
            long of = memoryOf(directories.get(0)) * directories.size();
            SnapshotMerge.merge(directories.get(0), directories.subList(1, last), directories.get(last), isReplaced, bytes -> {
                work.check();
                line.show(bytes, of);
            });
        }
    }

    private static long memoryOf(Path directory) throws IOException {
        try (SnapshotReader reader = SnapshotReader.open(directory)) {
            return reader.info().memoryBytes();
        }
    }

    private void info(Path directory, boolean isJson) throws IOException {
        try (SnapshotReader reader = SnapshotReader.open(directory)) {
            Optional<VmConfig> config = configOf(reader);
            if (isJson) {
                out.println(json(reader.info(), config));
            } else {
                print(reader.info(), config);
            }
        }
    }

    /** Empty for files that are no machine's of this program. */
    private static Optional<VmConfig> configOf(SnapshotReader reader) {
        try {
            return Optional.of(MachineState.of(reader.machine()).config());
        } catch (StateException e) {
            return Optional.empty();
        }
    }

    private static String json(SnapshotInfo info, Optional<VmConfig> config) {
        ObjectNode json = new JsonMapper().createObjectNode();
        json.put("name", info.label().name()).put("id", info.id().text());
        info.base().ifPresent(base -> json.put("base", base.text()));
        json.put("created", info.created().toString()).put("program", info.program()).put("format", info.format())
                .put("vcpu_count", info.label().vcpus()).put("memory_bytes", info.memoryBytes()).put("used_bytes", info.usedBytes());
        ArrayNode devices = json.putArray("devices");
        info.label().devices().forEach(devices::add);
        config.ifPresent(machine -> addResources(json, machine));
        return json.toString();
    }

    private static void addResources(ObjectNode json, VmConfig config) {
        ArrayNode drives = json.putArray("drives");
        for (DriveConfig drive : config.drives()) {
            drives.addObject().put("drive_id", drive.driveId()).put("path_on_host", placeOf(drive)).put("is_read_only", drive.isReadOnly());
        }
        ArrayNode networks = json.putArray("network-interfaces");
        for (NetworkInterfaceConfig network : config.networkInterfaces()) {
            networks.addObject().put("iface_id", network.ifaceId()).put("on", placeOf(network));
        }
        if (config.vsock() != null) {
            json.putObject("vsock").put("guest_cid", config.vsock().guestCid()).put("uds_path", config.vsock().udsPath());
        }
        json.put("serial", config.serial().path());
        if (config.console() != null) {
            json.put("console", config.console().path());
        }
    }

    private static String placeOf(DriveConfig drive) {
        return drive.pathOnHost() == null ? drive.socket() : drive.pathOnHost();
    }

    private static String placeOf(NetworkInterfaceConfig network) {
        return network.hostDevName() == null ? network.portField() : network.hostDevName();
    }

    private void print(SnapshotInfo info, Optional<VmConfig> config) {
        line("name", info.label().name().isEmpty() ? "none" : info.label().name());
        line("kind", info.base().map(base -> "a diff to " + base).orElse("full"));
        line("id", info.id().text());
        line("created", info.created().toString());
        line("program", "vmm4j " + info.program() + ", format " + info.format());
        line("vcpus", Integer.toString(info.label().vcpus()));
        line("memory", size(info.memoryBytes()) + ", of which " + size(info.usedBytes()) + " are in it");
        line("devices", String.join(", ", info.label().devices()));
        config.ifPresent(this::printResources);
    }

    private void printResources(VmConfig config) {
        config.drives().forEach(drive -> line("drive " + drive.driveId(), placeOf(drive) + (drive.isReadOnly() ? ", only read" : "")));
        config.networkInterfaces().forEach(network -> line("network interface " + network.ifaceId(), placeOf(network)));
        if (config.vsock() != null) {
            line("vsock", config.vsock().udsPath() + ", context ID " + config.vsock().guestCid());
        }
        line("serial port", config.serial().path());
        if (config.console() != null) {
            line("virtio console", config.console().path());
        }
    }

    /** What a file says may be anything, and is not to drive the terminal. */
    private void line(String key, String value) {
        out.println(Printable.line(key + ": " + value));
    }

    private static String size(long bytes) {
        return bytes < MIB ? (bytes >> 10) + " KiB" : bytes % MIB == 0 ? bytes / MIB + " MiB" : String.format(Locale.ROOT, "%.1f MiB", (double) bytes / MIB);
    }
}
