package io.vmm4j.cli;

import io.vmm4j.core.config.BootSourceConfig;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.ConfigProblem;
import io.vmm4j.core.config.CpuConfig;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.EntropyConfig;
import io.vmm4j.core.config.LoggerConfig;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.config.MemoryBalloonConfig;
import io.vmm4j.core.config.MemorySize;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.SerialConfig;
import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.core.config.VirtioConsoleConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import io.vmm4j.core.config.VsockConfig;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns options into a {@link VmConfig}, and the configuration's words for what is wrong back into options. It converts
 * texts to numbers and truth values; every range and rule is the configuration's own.
 */
final class OptionMapper {

    private static final String CPU_CONFIG_KEY = "cpu-config";
    private static final Pattern DRIVE_KEY = Pattern.compile("drives\\[(\\d+)]\\..*");
    private static final String FORMAT = "format \"(raw|qcow2)\"";
    private static final String ROOT_DRIVE_ID = "rootfs";
    /** The option that says of the root file system what {@code format} says of a drive. */
    private static final String ROOTFS_FORMAT = CliOption.ROOTFS_FORMAT.longName();
    /** As dbs-cli has it. */
    private static final long DEFAULT_GUEST_CID = 42;

    private final Arguments arguments;
    private final List<String> problems = new ArrayList<>();
    private final Set<CliOption> garbled = EnumSet.noneOf(CliOption.class);
    private final DeviceLists devices;
    private final VmConfig config;

    OptionMapper(Arguments arguments) {
        this.arguments = arguments;
        this.problems.addAll(arguments.problems());
        this.garbled.addAll(arguments.garbled());
        this.devices = new DeviceLists(arguments, (option, place, message) -> {
            problems.add(message + " (" + arguments.nameOf(option) + place + ")");
            garbled.add(option);
        });
        RootOption.check(arguments, problems);
        this.config = new VmConfig(bootSource(), drives(), machine(), logger(),
                serial(), vsock(), networks(), entropy(), balloon(), console(), cpuConfig()).withShares(shares());
    }

    /**
     * Adds what is missing to boot. As with dbs-cli that is a disk too, or an initrd; a machine without either is for a
     * configuration file.
     */
    void requireWhatToBoot() {
        if (arguments.value(CliOption.KERNEL_PATH) == null && !garbled.contains(CliOption.KERNEL_PATH)) {
            refuse(CliOption.KERNEL_PATH, "a kernel image is required");
        }
        boolean hasDisk = !config.drives().isEmpty() || !config.shares().isEmpty() || garbled.contains(CliOption.ROOTFS) || garbled.contains(CliOption.VIRBLKS);
        if (!hasDisk && arguments.value(CliOption.INITRD_PATH) == null && !garbled.contains(CliOption.INITRD_PATH)) {
            refuse(CliOption.ROOTFS, "a root file system is required unless an initrd is given");
        }
    }

    /** The configuration; where an option could not be read, its default stands in. */
    VmConfig config() {
        return config;
    }

    /** What could not be read so far, a line each. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /**
     * The configuration's problem as a line that names the option, or {@code null} when it is a mere consequence of
     * another: of an option reported as unreadable, or of {@code --vcpu} where {@code --max-vcpu} follows it.
     */
    String describe(ConfigProblem problem) {
        String place = devices.placeOf(problem.key(), config.drives(), config.shares().size() - devices.shares().size());
        if (place != null) {
            return problem.message() + " (" + place + ")";
        }
        if (problem.key().startsWith(CPU_CONFIG_KEY)) {
            return problem.message() + " (" + arguments.nameOf(CliOption.CPU_CONFIG) + problem.key().substring(CPU_CONFIG_KEY.length()) + ")";
        }
        CliOption option = isOfDisk(problem.key()) ? CliOption.DISK : problem.key().startsWith("shares[") ? CliOption.SHARE
                : problem.key().startsWith("network-interfaces[") ? problem.key().endsWith(".publish") ? CliOption.PUBLISH : CliOption.NET
                : optionFor(problem.key().replaceFirst("^drives\\[\\d+]", "drives[0]"));
        if (option == null) {
            return problem.toString();
        }
        boolean isConsequence = garbled.contains(option) || problem.key().equals("drives") && garbled.contains(CliOption.VIRBLKS)
                || option == CliOption.MAX_VCPU
                && (garbled.contains(CliOption.VCPU) || arguments.value(CliOption.MAX_VCPU) == null);
        return isConsequence ? null : worded(problem.message(), option) + " (" + arguments.nameOf(option) + ")";
    }

    /** What a message says of a drive's format, in the words of the option that the drive is of. */
    private static String worded(String message, CliOption option) {
        return switch (option) {
            case ROOTFS -> message.replaceAll(FORMAT, ROOTFS_FORMAT + " $1");
            case DISK -> message.replaceAll(FORMAT, "format=$1");
            default -> message;
        };
    }

    /** Those of the short form are the last drives. */
    private boolean isOfDisk(String key) {
        Matcher drive = DRIVE_KEY.matcher(key);
        return drive.matches() && Integer.parseInt(drive.group(1)) >= config.drives().size() - arguments.values(CliOption.DISK).size();
    }

    private CliOption vpmuOption() {
        return arguments.value(CliOption.VPMU_FEATURE) == null ? CliOption.CPU_PM : CliOption.VPMU_FEATURE;
    }

    private CliOption optionFor(String key) {
        return switch (key) {
            case "boot-source.kernel_image_path" -> CliOption.KERNEL_PATH;
            case "boot-source.initrd_path" -> CliOption.INITRD_PATH;
            case "boot-source.boot_args" -> CliOption.BOOT_ARGS;
            case "drives" -> devices.drives().isEmpty() ? CliOption.ROOTFS : CliOption.VIRBLKS;
            case "network-interfaces" -> devices.networks().isEmpty() ? CliOption.NET : CliOption.VIRNETS;
            case "drives[0].path_on_host" -> CliOption.ROOTFS;
            case "drives[0].overlay" -> CliOption.OVERLAY;
            case "drives[0].is_root_device" -> CliOption.IS_ROOT;
            case "drives[0].is_read_only" -> CliOption.IS_READ_ONLY;
            case "machine-config.vcpu_count" -> CliOption.VCPU;
            case "machine-config.max_vcpu_count" -> CliOption.MAX_VCPU;
            case "machine-config.mem_size_mib" -> CliOption.MEM_SIZE;
            case "machine-config.threads_per_core" -> CliOption.THREADS_PER_CORE;
            case "machine-config.cores_per_die" -> CliOption.CORES_PER_DIE;
            case "machine-config.dies_per_socket" -> CliOption.DIES_PER_SOCKET;
            case "machine-config.sockets" -> CliOption.SOCKETS;
            case "machine-config.mem_type" -> CliOption.MEM_TYPE;
            case "machine-config.mem_file_path" -> CliOption.MEM_FILE_PATH;
            case "machine-config.mem_prefault" -> CliOption.MEM_PREFAULT;
            case "machine-config.mem_core_dump" -> CliOption.MEM_CORE_DUMP;
            case "machine-config.spare_devices" -> CliOption.SPARE_DEVICES;
            case "machine-config.vpmu_level" -> vpmuOption();
            case "machine-config.cpu_pm" -> CliOption.CPU_PM;
            case "logger.log_path" -> CliOption.LOG_FILE;
            case "logger.level" -> CliOption.LOG_LEVEL;
            case "vsock.uds_path", "vsock" -> CliOption.VSOCK;
            case "vsock.guest_cid" -> CliOption.GUEST_CID;
            case "serial.path", "serial" -> CliOption.SERIAL_PATH;
            case "console.path" -> CliOption.CONSOLE_PATH;
            case "balloon.amount_mib" -> CliOption.BALLOON;
            default -> null;
        };
    }

    private BootSourceConfig bootSource() {
        return new BootSourceConfig(arguments.value(CliOption.KERNEL_PATH), arguments.value(CliOption.INITRD_PATH),
                arguments.value(CliOption.BOOT_ARGS));
    }

    private List<DriveConfig> drives() {
        Boolean isRoot = bool(CliOption.IS_ROOT, true);
        Boolean isReadOnly = bool(CliOption.IS_READ_ONLY, false);
        String image = arguments.value(CliOption.ROOTFS);
        List<DriveConfig> drives = new ArrayList<>(devices.drives());
        if (image != null) {
            drives.add(0, new DriveConfig(ROOT_DRIVE_ID, isRoot, null, image, isReadOnly, null).withFormat(rootFormat())
                    .withOverlay(arguments.value(CliOption.OVERLAY)));
        }
        drives.addAll(DiskOption.parse(arguments.values(CliOption.DISK), message -> refuse(CliOption.DISK, message)));
        return drives;
    }

    /** Those of the short form first. */
    private List<ShareConfig> shares() {
        List<ShareConfig> shares = new ArrayList<>();
        arguments.values(CliOption.SHARE).forEach(text -> shares.add(ShareOption.parse(text, message -> refuse(CliOption.SHARE, message))));
        shares.addAll(devices.shares());
        return shares;
    }

    /** Those of the short form last. */
    private List<NetworkInterfaceConfig> networks() {
        List<NetworkInterfaceConfig> networks = new ArrayList<>(devices.networks());
        networks.addAll(NetOption.parse(arguments.values(CliOption.NET), arguments.values(CliOption.PUBLISH),
                message -> refuse(CliOption.PUBLISH, message)));
        return networks;
    }

    private DriveConfig.Format rootFormat() {
        String text = arguments.value(CliOption.ROOTFS_FORMAT);
        for (DriveConfig.Format format : DriveConfig.Format.values()) {
            if (format.toString().equals(text)) {
                return format;
            }
        }
        if (text != null) {
            refuse(CliOption.ROOTFS_FORMAT, "format \"" + text + "\" is not supported: only raw and qcow2 are");
        }
        return null;
    }

    private MachineConfig machine() {
        MachineConfig machine = new MachineConfig(number(CliOption.VCPU, "vcpu count"), number(CliOption.MAX_VCPU, "max vcpu count"),
                memSizeMib(), number(CliOption.THREADS_PER_CORE, "threads per core"),
                number(CliOption.CORES_PER_DIE, "cores per die"), number(CliOption.DIES_PER_SOCKET, "dies per socket"),
                number(CliOption.SOCKETS, "sockets"), arguments.value(CliOption.MEM_TYPE),
                arguments.value(CliOption.MEM_FILE_PATH), vpmuLevel(), isCpuPm(),
                bool(CliOption.MEM_PREFAULT, false), bool(CliOption.MEM_CORE_DUMP, false));
        Integer spares = number(CliOption.SPARE_DEVICES, "number of spare devices");
        return spares == null ? machine : machine.withSpareDevices(spares);
    }

    private CpuConfig cpuConfig() {
        String file = arguments.value(CliOption.CPU_CONFIG);
        if (file == null) {
            return null;
        }
        try {
            return VmConfigJson.readCpuConfig(Path.of(file));
        } catch (ConfigException e) {
            refuse(CliOption.CPU_CONFIG, e.getMessage());
        } catch (IOException | InvalidPathException e) {
            refuse(CliOption.CPU_CONFIG, "file " + file + " " + VmConfigJson.whyUnreadable(file, e));
        }
        return null;
    }

    private LoggerConfig logger() {
        String file = arguments.value(CliOption.LOG_FILE);
        return new LoggerConfig(file == null ? CliOption.LOG_FILE.defaultText() : file,
                arguments.value(CliOption.LOG_LEVEL));
    }

    private VsockConfig vsock() {
        String path = arguments.value(CliOption.VSOCK);
        String typed = arguments.value(CliOption.GUEST_CID);
        if (path == null && typed == null) {
            return null;
        }
        return new VsockConfig(typed == null ? DEFAULT_GUEST_CID : guestCid(typed), path, null);
    }

    private Long guestCid(String typed) {
        try {
            return Long.valueOf(typed.strip());
        } catch (NumberFormatException e) {
            refuse(CliOption.GUEST_CID, "guest CID \"" + typed + "\" is not a whole number");
            return DEFAULT_GUEST_CID;
        }
    }

    /** Absent when it is not given, since its default depends on the console. */
    private SerialConfig serial() {
        String path = arguments.value(CliOption.SERIAL_PATH);
        return path == null ? null : new SerialConfig(path);
    }

    private Boolean bool(CliOption option, boolean byDefault) {
        String text = arguments.value(option);
        if (text == null) {
            return byDefault;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> {
                String nearest = NearestName.of(text, option.value().candidates());
                refuse(option, "\"" + text + "\" is neither true nor false"
                        + (nearest == null ? "" : ", did you mean " + nearest + "?"));
                yield byDefault;
            }
        };
    }

    private Integer number(CliOption option, String what) {
        String text = arguments.value(option);
        if (text == null) {
            return null;
        }
        try {
            return Integer.valueOf(text.strip());
        } catch (NumberFormatException e) {
            refuse(option, what + " \"" + text + "\" is not a whole number of 32 bits");
            return null;
        }
    }

    private Long memSizeMib() {
        return mebibytes(CliOption.MEM_SIZE, "memory size ");
    }

    private Long mebibytes(CliOption option, String what) {
        String text = arguments.value(option);
        if (text == null) {
            return null;
        }
        try {
            return MemorySize.parseMib(text);
        } catch (IllegalArgumentException e) {
            refuse(option, what + e.getMessage());
            return null;
        }
    }

    private EntropyConfig entropy() {
        return bool(CliOption.RNG, false) ? new EntropyConfig(null) : null;
    }

    /** One option about it is enough to ask for it. */
    private MemoryBalloonConfig balloon() {
        Long amountMib = mebibytes(CliOption.BALLOON, "balloon ");
        boolean deflateOnOom = bool(CliOption.BALLOON_DEFLATE_ON_OOM, false);
        boolean reporting = bool(CliOption.FREE_PAGE_REPORTING, false);
        return arguments.value(CliOption.BALLOON) == null && !deflateOnOom && !reporting ? null
                : new MemoryBalloonConfig(amountMib, deflateOnOom, null, null, reporting);
    }

    private VirtioConsoleConfig console() {
        String path = arguments.value(CliOption.CONSOLE_PATH);
        return path == null ? null : new VirtioConsoleConfig(path);
    }

    /** {@code --cpu-pm} has two readings: a vPMU level in dbs-cli's documents, power management in its code. */
    private boolean isLevelByCpuPm() {
        String text = arguments.value(CliOption.CPU_PM);
        return text != null && text.strip().matches("-?\\d+");
    }

    private Integer vpmuLevel() {
        Integer level = number(CliOption.VPMU_FEATURE, "vPMU level");
        if (!isLevelByCpuPm()) {
            return level;
        }
        Integer otherLevel = number(CliOption.CPU_PM, "vPMU level");
        if (level != null && otherLevel != null && !level.equals(otherLevel)) {
            refuse(CliOption.CPU_PM, "vPMU level " + otherLevel + " contradicts the level " + level
                    + " of --vpmu-feature");
        }
        return level == null ? otherLevel : level;
    }

    private Boolean isCpuPm() {
        String text = arguments.value(CliOption.CPU_PM);
        if (text == null || isLevelByCpuPm()) {
            return null;
        }
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "on" -> true;
            case "off" -> false;
            default -> {
                refuse(CliOption.CPU_PM, "\"" + text + "\" is not one of 0, 1, 2, on, off");
                yield null;
            }
        };
    }

    private void refuse(CliOption option, String message) {
        problems.add(message + " (" + arguments.nameOf(option) + ")");
        garbled.add(option);
    }
}
