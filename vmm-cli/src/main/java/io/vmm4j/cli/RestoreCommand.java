package io.vmm4j.cli;

import io.vmm4j.core.VmRestore;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** {@code vmm restore}: a machine that goes on from a snapshot, on this terminal or in the background. */
final class RestoreCommand {

    private final Consumer<String> errors;
    private final BootCommand boot;

    /** @param errors takes a line for each thing that is wrong */
    RestoreCommand(Consumer<String> errors, BootCommand boot) {
        this.errors = errors;
        this.boot = boot;
    }

    ExitCode run(Arguments arguments) {
        if (!arguments.problems().isEmpty()) {
            // Without knowing the snapshot the rest cannot be looked at.
            arguments.problems().forEach(errors);
            return ExitCode.USAGE;
        }
        try (MachineSnapshot snapshot = MachineSnapshot.open(Path.of(arguments.operands().get(0)))) {
            VmRestore restore = snapshot.restore();
            RestoreOptions options = new RestoreOptions(arguments, restore, snapshot.config());
            return boot.restore(arguments, new RestoreSource(snapshot, restore, arguments.isSet(CliOption.PAUSED)), options);
        } catch (InvalidPathException e) {
            errors.accept("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason());
            return ExitCode.USAGE;
        } catch (SnapshotException e) {
            errors.accept(e.getMessage());
            return ExitCode.USAGE;
        } catch (IOException e) {
            return SnapshotFiles.refuse(e, errors);
        }
    }
}
