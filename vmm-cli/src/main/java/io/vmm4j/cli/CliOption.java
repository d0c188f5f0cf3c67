package io.vmm4j.cli;

import java.util.List;

/**
 * The options of all commands, most of them of {@code vmm} and {@code vmm create}: the one table that parsing, help, completion and manual are made
 * from. Long names and short flags are dbs-cli's.
 */
public enum CliOption {
    KERNEL_PATH(Group.BOOT, Value.PATH, "k", null, "Kernel image, ELF vmlinux or bzImage. Required.", "kernel-path"),
    INITRD_PATH(Group.BOOT, Value.PATH, "i", null, "Initial RAM disk.", "initrd-path"),
    BOOT_ARGS(Group.BOOT, Value.TEXT, "b",
            "console=ttyS0 tty0 reboot=k debug panic=1 pci=off root=/dev/vda1",
            "Kernel arguments. When none are given and the root file system's image has no partition table, "
                    + "root=/dev/vda takes the place of root=/dev/vda1.", "boot-args"),

    ROOTFS(Group.DISK, Value.PATH, "r", null, "Root file system: a disk image; or a directory, a tar archive (.tar, .tar.gz, .tar.xz, .tar.zst) or a saved container image, with "
                    + ":REFERENCE where it has several, from which an image is made and kept. Required unless an initrd is given.",
            "rootfs"),
    ROOTFS_SIZE(Group.DISK, Value.SIZE, null, "what is in it and 1 GiB",
            "Size in MiB, or with a unit, of the image that is made of a root file system which is none; no more than 8 GiB are unpacked without it.",
            "rootfs-size"),
    ROOTFS_FORMAT(Group.DISK, Value.IMAGE_FORMAT, null, "looked at",
            "raw for an image that is taken as it is, whatever it begins with; qcow2. Else one whose name ends in .qcow2 is a qcow2 image, "
                    + "others are raw, and one that looks like something else is refused.", "rootfs-format"),
    OVERLAY(Group.DISK, Value.PATH, null, "none",
            "Where the guest's writes to the root file system go, whose image may be shared then: a file that does not exist, which becomes a "
                    + "qcow2 image with it behind, or memory, where they are gone with the guest.", "overlay"),
    IS_ROOT(Group.DISK, Value.BOOLEAN, null, "true", "Whether the image is the root device.", "is-root"),
    IS_READ_ONLY(Group.DISK, Value.BOOLEAN, null, "false", "Whether the image is opened read-only.", "is-read-only"),

    VIRBLKS(Group.DISK, Value.JSON, null, "none",
            "Further disks, a JSON list: [{\"drive_id\": \"data\", \"path_on_host\": \"data.img\"}]. Each may have is_read_only, "
                    + "is_root_device, part_uuid, is_direct, num_queues, queue_size, rate_limiter, format, overlay; or socket in place of path_on_host, "
                    + "of a vhost-user back end that serves the disk.", "virblks"),
    DISK(Group.DISK, Value.PATH, null, "none",
            "A further disk, in short, and as often as wanted: PATH[,ro][,overlay[=FILE]][,format=FORMAT][,id=ID]. ro: the guest may only read it. "
                    + "overlay: what the guest writes goes to FILE, which must not exist and becomes a qcow2 image, or without one to memory. FORMAT: raw "
                    + "or qcow2. ID: disk0 for the first, and so on, when none is given. A comma in a path is written twice.", "disk"),

    SHARE(Group.SHARE, Value.PATH, null, "none",
            "A directory of the host's, as often as wanted: DIR[:TAG][,ro][,cache=POLICY][,writeback][,privileged]; the guest mounts it with mount -t virtiofs "
                    + "TAG /mnt, share being the tag when none is given. ro: the guest may change nothing. POLICY: auto, always, never or metadata, what "
                    + "the guest may keep. writeback: writes may wait in the guest's memory. privileged: the guest may make set-uid programs and "
                    + "device nodes. vhost-user:PATH in place of DIR: the socket of a vhost-user back end, as virtiofsd's.", "share"),
    FS(Group.SHARE, Value.JSON, null, "none",
            "Shares, a JSON object or a list of them: {\"tag\": \"data\", \"path_on_host\": \"dir\"}. Each may have read_only, cache_policy, "
                    + "writeback_cache, xattr, privileged, num_queues, queue_size. One without path_on_host begins empty: vmm update mounts "
                    + "folders below it. With mode vhostuser the back end at sock_path, as virtiofsd, serves its folder.", "fs"),

    VIRNETS(Group.NETWORK, Value.JSON, null, "none",
            "Network devices, a JSON list: [{\"guest_mac\": \"02:00:00:00:00:01\", \"backend\": {\"type\": \"virtio\", \"iface_id\": "
                    + "\"eth0\", \"host_dev_name\": \"tap0\"}}]. Each may have num_queues, queue_size, and its backend "
                    + "rx_rate_limiter, tx_rate_limiter. The tap interface is made before: ip tuntap add tap0 mode tap user $USER "
                    + "(multi_queue for more than 2 queues).", "virnets"),

    NET(Group.NETWORK, Value.NET, null, "none",
            "A network device, in short, and as often as wanted: user for one by passt, which is started (package passt) and needs no privileges; "
                    + "stream:PATH for the socket of a program that speaks passt's protocol; tap for a tap that is made, with an address, until the "
                    + "machine ends; vhost-user:PATH for the socket of a vhost-user back end; NAME for a tap interface that is there.", "net"),
    PUBLISH(Group.NETWORK, Value.PORT, null, "none",
            "A port of the host's that leads into the guest by --net user, as often as wanted: 8080:80 on all addresses, 127.0.0.1:8080:80 on "
                    + "one, 5353:53/udp.", "publish"),

    VCPU(Group.CPU, Value.NUMBER, "C", "1", "Virtual CPUs at start.", "vcpu"),
    MAX_VCPU(Group.CPU, Value.NUMBER, null, "the number of --vcpu",
            "Virtual CPUs the guest can grow to while it runs.", "max-vcpu"),
    CPU_PM(Group.CPU, Value.CPU_PM, null, "0",
            "0, 1 or 2: level of the virtual PMU, as --vpmu-feature. on or off: whether the guest may idle without "
                    + "exits, which leaves nothing of the host's CPUs to others.", "cpu-pm"),
    VPMU_FEATURE(Group.CPU, Value.LEVEL, null, "0",
            "Level of the virtual PMU: 0 none, 1 cycles and instructions, 2 all that KVM has.", "vpmu-feature"),
    THREADS_PER_CORE(Group.CPU, Value.NUMBER, null, "1", "1 or 2; where any of these four is not 1, their product must be --max-vcpu.",
            "threads-per-core"),
    CORES_PER_DIE(Group.CPU, Value.NUMBER, null, "1", "Cores of a die.", "cores-per-die"),
    DIES_PER_SOCKET(Group.CPU, Value.NUMBER, null, "1", "Dies of a socket.", "dies-per-socket"),
    SOCKETS(Group.CPU, Value.NUMBER, null, "1", "Sockets. All four 1: one socket with --max-vcpu cores.", "sockets"),
    CPU_CONFIG(Group.CPU, Value.PATH, null, "none",
            "JSON file with changes to CPUID leaves and model-specific registers, in the form of Firecracker's cpu-config.",
            "cpu-config"),

    MEM_SIZE(Group.MEMORY, Value.SIZE, "m", "128", "Guest memory in MiB, or with a unit: 512M, 2G.", "mem-size"),
    MEM_TYPE(Group.MEMORY, Value.MEM_TYPE, null, "shmem",
            "Where guest memory comes from: shmem (shared memory), anon (private memory), hugeshmem, hugeanon (the same "
                    + "with transparent huge pages), hugetlbfs (huge pages set aside on the host).", "mem-type"),
    MEM_FILE_PATH(Group.MEMORY, Value.PATH, null, "none",
            "Directory in which shmem, hugeshmem and hugetlbfs make an unnamed file for guest memory, all of it allocated "
                    + "at the start.", "mem-file-path", "mem-file"),
    MEM_PREFAULT(Group.MEMORY, Value.BOOLEAN, null, "false", "Whether all memory is brought in before the guest starts.",
            "mem-prefault"),
    MEM_CORE_DUMP(Group.MEMORY, Value.BOOLEAN, null, "false",
            "Whether guest memory is part of a core dump of this process.", "mem-core-dump"),

    VSOCK(Group.VSOCK, Value.PATH, "v", "no sockets",
            "Unix socket to create. A program that connects to it and sends CONNECT PORT and a newline talks to the guest's "
                    + "port; the guest's connections to PORT of the host go to the Unix socket PATH_PORT.", "vsock"),
    GUEST_CID(Group.VSOCK, Value.NUMBER, null, "42", "The guest's context ID, 3 to 4294967294.", "guest-cid"),

    RNG(Group.DEVICES, Value.BOOLEAN, null, "false", "Whether the guest gets the host's random bytes, as /dev/hwrng.", "rng"),
    BALLOON(Group.DEVICES, Value.SIZE, null, "no balloon",
            "A memory balloon, which takes so much from the guest at first and gives it back to the host: 0 or more MiB, or "
                    + "with a unit.", "balloon"),
    BALLOON_DEFLATE_ON_OOM(Group.DEVICES, Value.BOOLEAN, null, "false",
            "Whether a guest that runs out of memory may take it from the balloon.", "balloon-deflate-on-oom"),
    FREE_PAGE_REPORTING(Group.DEVICES, Value.BOOLEAN, null, "false",
            "Whether the guest gives memory that it has no use for back to the host by itself.", "free-page-reporting"),
    SPARE_DEVICES(Group.DEVICES, Value.NUMBER, null, "4, as far as there are places",
            "Disks and network devices, 0 or more, that vmm update can give the guest while it runs.", "spare-devices"),

    SERIAL_PATH(Group.CONSOLE, Value.PATH, "s", "stdio",
            "The guest's first serial port: stdio, none, or the path of a Unix socket to create. none when the virtio console "
                    + "is on stdio.", "serial-path"),
    CONSOLE_PATH(Group.CONSOLE, Value.PATH, null, "no virtio console",
            "A virtio console, the guest's hvc0, which knows the terminal's size: stdio, or the path of a Unix socket to create. "
                    + "Without --boot-args the kernel is told to use it.", "console-path"),
    LOG_FILE(Group.CONSOLE, Value.PATH, null, "dbs-cli.log", "Log file, made anew at each start; one that another machine writes to is appended to. A pipe or /dev/stderr will do.", "log-file"),
    LOG_LEVEL(Group.CONSOLE, Value.LOG_LEVEL, null, "Info",
            "Off, Error, Warn, Info, Debug or Trace, in any case.", "log-level"),

    NAME(Group.CONTROL, Value.NAME, null, "none",
            "What the machine is called, by which vmm stop, vmm console and others reach it: letters, digits, '-', '_' and '.', up to 64.", "name"),
    DETACH(Group.CONTROL, Value.FLAG, null, null,
            "Start the machine in the background, print its name once its guest runs, and leave. Its console is for vmm console then.", "detach"),
    API_SOCK_PATH(Group.CONTROL, Value.PATH, null, "none",
            "Unix socket by which the machine is reached, beside its name or in place of one; created by the command that boots it.", "api-sock-path"),
    JSON(Group.CONTROL, Value.FLAG, null, null, "Print JSON.", "json"),
    PROMETHEUS(Group.CONTROL, Value.FLAG, null, null, "Print Prometheus' text format.", "prometheus"),
    TIMEOUT(Group.CONTROL, Value.SECONDS, null, "8", "How long the guest may take to power off, 0 to 3600 s; then it is stopped.", "timeout"),
    STOP_TIMEOUT(Group.CONTROL, Value.SECONDS, null, "8",
            "How long the guest may take to power off when SIGTERM presses its power button, 0 to 3600 s; then it is stopped. One "
                    + "that has not noticed the button in an eighth of that is stopped then.", "stop-timeout"),
    VCPU_RESIZE(Group.CONTROL, Value.NUMBER, null, null,
            "Number of virtual CPUs to go over to, up to --max-vcpu. Those added are the guest's to put to use; "
                    + "virtual CPU 0 stays.", "vcpu-resize"),
    REMOVE_VIRNET(Group.CONTROL, Value.ID, null, null,
            "The iface_id of a network device to take back that vmm update has added.", "remove-virnet"),
    REMOVE_VIRBLK(Group.CONTROL, Value.ID, null, null,
            "The drive_id of a disk to take back that vmm update has added. The guest is not asked whether it is in use: unmount it first.",
            "remove-virblk"),
    PATCH_FS(Group.CONTROL, Value.JSON, null, null, 
            "Mount a directory of the host's below a share while the guest runs, or take it away, a JSON object: {\"ops\": \"mount\", \"tag\": "
                    + "\"data\", \"source\": \"dir\", \"mountpoint\": \"/place\"}, which may have read_only; {\"ops\": \"umount\", \"tag\": "
                    + "\"data\", \"mountpoint\": \"/place\"}.", "patch-fs"),

    DIFF_OF(Group.SNAPSHOT, Value.PATH, null, null,
            "Save only the memory that differs from this snapshot's: quick and small after the machine's last one, or the one it came from; "
                    + "compared with any other.", "diff-of"),
    REPLACE(Group.SNAPSHOT, Value.FLAG, null, null, "Put it in place of a snapshot that is there.", "replace"),
    PAUSE(Group.SNAPSHOT, Value.FLAG, null, null, "Have the guest stand still afterwards, so that its images stay as the snapshot knows them.", "pause"),
    STOP(Group.SNAPSHOT, Value.FLAG, null, null, "Stop the machine afterwards: its images are as the snapshot knows them.", "stop"),

    DRIVE(Group.RESTORE, Value.DRIVE, null, "the image it was on",
            "A copy of a drive's image to use in its place, or where it has been moved, as often as wanted.", "drive"),
    WRITE_TO_IMAGE(Group.RESTORE, Value.ID, null, "to memory, over it",
            "The drive_id of a drive that writes to its image itself, as often as wanted, or all: the snapshot cannot be used with that image "
                    + "again once the guest has written.", "write-to-image"),
    TAP(Group.RESTORE, Value.TAP, null, "the tap it was on", "The tap interface for a network device, as often as wanted.", "tap"),
    KEEP_CLOCK(Group.RESTORE, Value.FLAG, null, null,
            "Have the guest's clock go on where it stood; else it moves on by the time since the snapshot, where KVM can.", "keep-clock"),
    COPY_MEMORY(Group.RESTORE, Value.FLAG, null, null,
            "Bring all memory in before the guest goes on; else what it touches is, as it does.", "copy-memory"),
    NO_TRACKING(Group.RESTORE, Value.FLAG, null, null,
            "Have KVM take no note of what the guest writes: the next snapshot looks through all memory for it.", "no-tracking"),
    ONLY_NAMED(Group.RESTORE, Value.FLAG, null, null,
            "Use no image, tap or socket that only the snapshot names: for one from somebody who is not trusted.", "only-named"),
    PAUSED(Group.RESTORE, Value.FLAG, null, null, "Have the guest stand still until vmm resume, or until the machine is stopped.", "paused");

    /** Subjects of the help text, in its order. */
    public enum Group {
        BOOT("What to boot"),
        DISK("Disk"),
        SHARE("Shared folders"),
        NETWORK("Network"),
        CPU("Processors"),
        MEMORY("Memory"),
        VSOCK("Sockets between guest and host"),
        DEVICES("Random numbers and balloon"),
        CONSOLE("Console and log"),
        CONTROL("Control of the running machine"),
        SNAPSHOT("The snapshot"),
        RESTORE("What it goes on with");

        private final String heading;

        Group(String heading) {
            this.heading = heading;
        }

        /** The heading, without punctuation. */
        public String heading() {
            return heading;
        }
    }

    /** Kinds of value: what help calls them, and what completion offers. */
    public enum Value {
        PATH("PATH"),
        TEXT("ARGS"),
        ID("ID"),
        NUMBER("N"),
        NAME("NAME"),
        FLAG("true|false", "true", "false"),
        SECONDS("SECONDS"),
        SIZE("SIZE"),
        JSON("JSON"),
        BOOLEAN("true|false", "true", "false"),
        CPU_PM("LEVEL", "0", "1", "2", "on", "off"),
        LEVEL("LEVEL", "0", "1", "2"),
        MEM_TYPE("TYPE", "shmem", "hugetlbfs", "anon", "hugeshmem", "hugeanon"),
        NET("NETWORK", "user", "tap"),
        PORT("PORTS"),
        DRIVE("ID=PATH"),
        TAP("ID=TAP"),
        IMAGE_FORMAT("FORMAT", "raw", "qcow2"),
        LOG_LEVEL("LEVEL", "Off", "Error", "Warn", "Info", "Debug", "Trace");

        private final String label;
        private final List<String> candidates;

        Value(String label, String... candidates) {
            this.label = label;
            this.candidates = List.of(candidates);
        }

        /** The value's name in help. */
        public String label() {
            return label;
        }

        /** The words it may be, or empty where they cannot be listed. */
        public List<String> candidates() {
            return candidates;
        }
    }

    private final Group group;
    private final Value value;
    private final String shortName;
    private final String defaultText;
    private final String description;
    private final List<String> longNames;

    CliOption(Group group, Value value, String shortFlag, String defaultText, String description, String... names) {
        this.group = group;
        this.value = value;
        this.shortName = shortFlag == null ? null : "-" + shortFlag;
        this.defaultText = defaultText;
        this.description = description;
        this.longNames = names.length == 1 ? List.of("--" + names[0]) : List.of("--" + names[0], "--" + names[1]);
    }

    /** The subject it is listed under. */
    public Group group() {
        return group;
    }

    /** The kind of its value. */
    public Value value() {
        return value;
    }

    /** The short flag with its hyphen, or {@code null}. */
    public String shortName() {
        return shortName;
    }

    /** What holds when it is not given, as help says it; {@code null} when there is nothing to say. */
    public String defaultText() {
        return defaultText;
    }

    /** What it does, in a sentence or two. */
    public String description() {
        return description;
    }

    /** The name with its hyphens. */
    public String longName() {
        return longNames.get(0);
    }

    /** All names with their hyphens, the first being the one help shows first. */
    public List<String> longNames() {
        return longNames;
    }

    /** True when the value may be left out, which means {@code true}. */
    public boolean isValueOptional() {
        return value == Value.BOOLEAN || isFlag();
    }

    /** True when it is given to say yes: a value comes behind an equals sign only. */
    public boolean isFlag() {
        return value == Value.FLAG;
    }

    /** True when it may be given several times. */
    public boolean isRepeatable() {
        return this == NET || this == PUBLISH || this == SHARE || this == DISK || this == DRIVE || this == WRITE_TO_IMAGE || this == TAP;
    }

    /** True when {@code command} takes it, in front of its word or behind. */
    public boolean goesWith(Command command) {
        boolean boots = command == Command.BOOT || command == Command.CREATE || command == Command.SHELL;
        return switch (this) {
            case API_SOCK_PATH -> boots || command == Command.RUN || command == Command.RESTORE || command.isForRunning();
            case JSON -> command == Command.PS || command == Command.INFO || command == Command.STATS || command == Command.STOP
                    || command == Command.KILL || command == Command.SNAPSHOT_INFO;
            case PROMETHEUS -> command == Command.STATS;
            case TIMEOUT -> command == Command.STOP;
            case NAME, STOP_TIMEOUT -> boots || command == Command.RUN || command == Command.RESTORE;
            case DETACH -> boots && command != Command.SHELL || command == Command.RUN || command == Command.RESTORE;
            case KERNEL_PATH, INITRD_PATH, IS_ROOT -> boots && command != Command.SHELL;
            case SERIAL_PATH, CONSOLE_PATH -> boots && command != Command.SHELL || command == Command.RESTORE;
            case VSOCK, GUEST_CID, LOG_FILE, LOG_LEVEL -> boots || command == Command.RESTORE;
            case DIFF_OF, PAUSE, STOP -> command == Command.SNAPSHOT;
            case REPLACE -> command == Command.SNAPSHOT || command == Command.SNAPSHOT_MERGE;
            case DRIVE, WRITE_TO_IMAGE, TAP, KEEP_CLOCK, COPY_MEMORY, NO_TRACKING, ONLY_NAMED, PAUSED -> command == Command.RESTORE;
            case VIRBLKS, VIRNETS -> boots || command == Command.UPDATE;
            case VCPU_RESIZE, REMOVE_VIRNET, REMOVE_VIRBLK, PATCH_FS -> command == Command.UPDATE;
            default -> boots;
        };
    }

    /** The option with that long or short name, or {@code null}. */
    static CliOption named(String name) {
        for (CliOption option : values()) {
            if (name.equals(option.shortName) || option.longNames.contains(name)) {
                return option;
            }
        }
        return null;
    }
}
