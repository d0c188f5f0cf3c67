package io.vmm4j.cli;

import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.LoggerConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the options of {@code vmm restore} say, for a {@link VmRestore}; and its words for what is wrong, back into options. The console that people use,
 * a virtio console where there is one, comes onto this terminal, wherever it was.
 */
final class RestoreOptions {

    private static final String ALL = "all";
    private static final Pattern ELEMENT = Pattern.compile("(drives|network-interfaces)\\[(\\d+)].*");

    private final Arguments arguments;
    private final VmRestore restore;
    private final List<String> problems = new ArrayList<>();

    /** @param was the machine as it was saved */
    RestoreOptions(Arguments arguments, VmRestore restore, VmConfig was) {
        this.arguments = arguments;
        this.restore = restore;
        problems.addAll(arguments.problems());
        consoles(was);
        vsock(was);
        pairs(CliOption.TAP, restore::tap);
        pairs(CliOption.DRIVE, (id, path) -> restore.drive(id, Path.of(path)));
        arguments.values(CliOption.WRITE_TO_IMAGE).forEach(id -> guarded(CliOption.WRITE_TO_IMAGE, () -> writeToImage(id)));
        restore.copyMemory(arguments.isSet(CliOption.COPY_MEMORY)).trackWrites(!arguments.isSet(CliOption.NO_TRACKING))
                .moveClock(!arguments.isSet(CliOption.KEEP_CLOCK));
        if (arguments.isSet(CliOption.ONLY_NAMED)) {
            restore.onlyNamed();
        }
        boolean isReached = arguments.value(CliOption.NAME) != null || arguments.isSet(CliOption.DETACH) || arguments.value(CliOption.API_SOCK_PATH) != null;
        if (arguments.isSet(CliOption.PAUSED) && !isReached) {
            problems.add("a guest that stands still is had to go on by its machine's name or socket: give --name or --api-sock-path (--paused)");
        }
        String level = arguments.value(CliOption.LOG_LEVEL);
        if (level != null && LoggerConfig.Level.named(level).isEmpty()) {
            problems.add("log level \"" + level + "\" is not one of " + String.join(", ", CliOption.LOG_LEVEL.value().candidates()) + " (--log-level)");
        }
    }

    private void consoles(VmConfig was) {
        String serial = arguments.value(CliOption.SERIAL_PATH);
        String console = arguments.value(CliOption.CONSOLE_PATH);
        boolean hasConsole = was.console() != null && !was.console().path().equals(SerialConfig.NONE);
        boolean isSerialOnTerminal = SerialConfig.STDIO.equals(serial);
        if (console != null && was.console() == null) {
            problems.add("the snapshot has no virtio console (--console-path)");
        } else if (console != null) {
            restore.virtioConsole(new VirtioConsoleConfig(console));
        } else if (hasConsole && !isSerialOnTerminal) {
            restore.virtioConsole(new VirtioConsoleConfig(SerialConfig.STDIO));
        }
        boolean isForTerminal = !hasConsole && !was.serial().isNone() && was.serial().serialOutPath() == null;
        if (serial != null || isForTerminal) {
            restore.serial(new SerialConfig(serial == null ? SerialConfig.STDIO : serial));
        }
    }

    private void vsock(VmConfig was) {
        String path = arguments.value(CliOption.VSOCK);
        String typed = arguments.value(CliOption.GUEST_CID);
        if (path == null && typed == null) {
            return;
        }
        if (was.vsock() == null) {
            problems.add("the snapshot has no vsock device (" + arguments.nameOf(path == null ? CliOption.GUEST_CID : CliOption.VSOCK) + ")");
            return;
        }
        if (path == null && arguments.isSet(CliOption.ONLY_NAMED)) {
            return; // the socket is to be named, which is said when the machine is made
        }
        guarded(CliOption.VSOCK, () -> restore.vsock(cid(typed, was.vsock().guestCid()), Path.of(path == null ? was.vsock().udsPath() : path)));
    }

    private long cid(String typed, long otherwise) {
        try {
            return typed == null ? otherwise : Long.parseLong(typed.strip());
        } catch (NumberFormatException e) {
            problems.add("guest CID \"" + typed + "\" is not a whole number (" + arguments.nameOf(CliOption.GUEST_CID) + ")");
            return otherwise;
        }
    }

    /** Values such as {@code rootfs=copy.img}. */
    private void pairs(CliOption option, BiConsumer<String, String> taker) {
        for (String pair : arguments.values(option)) {
            int equals = pair.indexOf('=');
            if (equals < 1 || equals == pair.length() - 1) {
                problems.add("\"" + pair + "\" is not " + option.value().label() + " (" + option.longName() + ")");
            } else {
                guarded(option, () -> taker.accept(pair.substring(0, equals), pair.substring(equals + 1)));
            }
        }
    }

    private void guarded(CliOption option, Runnable override) {
        try {
            override.run();
        } catch (InvalidPathException e) {
            problems.add("\"" + e.getInput() + "\" cannot be a path here: " + e.getReason() + " (" + option.longName() + ")");
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage() + " (" + option.longName() + ")");
        }
    }

    private void writeToImage(String id) {
        if (id.equals(ALL)) {
            restore.writeToImages();
        } else {
            restore.writeToImage(id);
        }
    }

    /** What is wrong so far, a line each. */
    List<String> problems() {
        return problems;
    }

    /** The machine as it is to be; its log is where the options say, whatever the snapshot has. */
    VmConfig config() {
        VmConfig config = restore.toConfig();
        String file = arguments.value(CliOption.LOG_FILE);
        LoggerConfig logger = new LoggerConfig(file == null ? CliOption.LOG_FILE.defaultText() : file, arguments.value(CliOption.LOG_LEVEL));
        return new VmConfig(config.bootSource(), config.drives(), config.machineConfig(), logger, config.serial(), config.vsock(),
                config.networkInterfaces(), config.entropy(), config.balloon(), config.console(), config.cpuConfig()).withRestOf(config);
    }

    /** A problem in the user's words. */
    String describe(ConfigProblem problem) {
        return problem.message() + " (" + place(problem.key()) + ")";
    }

    private String place(String key) {
        Matcher element = ELEMENT.matcher(key);
        if (element.matches()) {
            int index = Integer.parseInt(element.group(2));
            VmConfig config = restore.toConfig();
            return element.group(1).equals("drives") ? CliOption.DRIVE.longName() + idAt(config.drives(), index, DriveConfig::driveId)
                    : CliOption.TAP.longName() + idAt(config.networkInterfaces(), index, NetworkInterfaceConfig::ifaceId);
        }
        return switch (key) {
            case "serial.path", "serial" -> CliOption.SERIAL_PATH.longName();
            case "console.path", "console" -> CliOption.CONSOLE_PATH.longName();
            case "vsock.uds_path", "vsock" -> CliOption.VSOCK.longName();
            case "vsock.guest_cid" -> CliOption.GUEST_CID.longName();
            case "logger.log_path" -> CliOption.LOG_FILE.longName();
            default -> arguments.operands().get(0);
        };
    }

    private static <T> String idAt(List<T> list, int index, Function<T, String> id) {
        return index < list.size() ? " " + id.apply(list.get(index)) : "";
    }
}
