package io.vmm4j.core.image;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The initramfs of {@code vmm shell}: the host's busybox, the modules that a kernel needs for our devices, and a first program of ours, {@code
 * /vmm/init}. It is the same for every run with the same of these, and kept in the {@link CacheDirectory} under the digest of them;
 * what is one run's alone follows it as a second archive, see {@link #forRun}.
 */
public final class Initramfs {

    /** What the kernel is told to start. */
    public static final String FIRST_PROGRAM = "/vmm/init";
    /** The module, or part of the kernel, that drives the virtio console. */
    public static final String CONSOLE = "virtio_console";

    /** By what they are for: transport, console, disks, network, sockets, random numbers, balloon, shared folders, file systems. */
    private static final List<String> WANTED = List.of("virtio_mmio", CONSOLE, "virtio_blk", "virtio_net", "af_packet", "vmw_vsock_virtio_transport",
            "virtio_rng", "virtio_balloon", "fuse", "virtiofs", "ext4", "overlay");
    /** Loaded when something is asked of the kernel that it finds by their aliases. */
    private static final String SUMS = "crc32c";

    private static final int EXECUTABLE = 0755;
    private static final int READABLE = 0644;
    private static final int SECRET = 0600;

    private final String kernelVersion;
    private final KernelModules modules;
    private final byte[] busybox;
    private final byte[] init;
    private final List<ModuleFile> files;

    /**
     * @param kernelVersion as {@code uname -r} has it, or {@code null} for a kernel without modules
     * @param modules       that kernel's
     * @param busybox       a static one
     * @throws IOException one line: busybox cannot be read
     */
    public Initramfs(String kernelVersion, KernelModules modules, Path busybox) throws IOException {
        this.kernelVersion = kernelVersion == null ? "none" : kernelVersion;
        this.modules = modules;
        this.busybox = Files.readAllBytes(busybox);
        try (InputStream script = Initramfs.class.getResourceAsStream("init")) {
            this.init = script.readAllBytes();
        }
        List<String> names = new ArrayList<>(WANTED);
        names.addAll(modules.named(SUMS));
        this.files = modules.closure(names);
    }

    /** What the guest has to load, by name: those of what is wanted that are modules. */
    public List<String> toLoad() {
        return WANTED.stream().filter(modules::isModule).toList();
    }

    /**
     * The archive that is every run's, from the cache, or made.
     *
     * @throws IOException one line: a module cannot be read, or the cache takes nothing
     */
    public Path base(CacheDirectory cache) throws IOException {
        List<byte[]> packed = new ArrayList<>();
        MessageDigest digest = sha256();
        add(digest, kernelVersion.getBytes(StandardCharsets.UTF_8));
        add(digest, init);
        add(digest, busybox);
        for (ModuleFile file : files) {
            packed.add(file.packed());
            add(digest, file.path().getFileName().toString().getBytes(StandardCharsets.UTF_8));
            add(digest, packed.get(packed.size() - 1));
        }
        add(digest, (modules.dependencyList(files) + modules.aliasList(files)).getBytes(StandardCharsets.UTF_8));
        return cache.file("initramfs-" + HexFormat.of().formatHex(digest.digest()) + ".cpio", out -> write(out, packed));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java has it
        }
    }

    /** With its length, so that no two lists of parts have one text. */
    private static void add(MessageDigest digest, byte[] part) {
        digest.update((part.length + ":").getBytes(StandardCharsets.US_ASCII));
        digest.update(part);
    }

    private void write(OutputStream out, List<byte[]> packed) throws IOException {
        CpioArchive archive = new CpioArchive(out);
        for (String directory : List.of("dev", "etc", "proc", "root", "run", "sbin", "sys", "sysroot", "tmp", "usr/bin", "usr/sbin", "var")) {
            archive.directory(directory);
        }
        archive.file("bin/busybox", EXECUTABLE, busybox);
        archive.link("bin/sh", "busybox");
        // What the kernel runs when it wants a module.
        archive.link("sbin/modprobe", "../bin/busybox");
        archive.file("etc/passwd", READABLE, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n".getBytes(StandardCharsets.UTF_8));
        archive.file("etc/group", READABLE, "root:x:0:\nnogroup:x:65534:\n".getBytes(StandardCharsets.UTF_8));
        archive.file(FIRST_PROGRAM.substring(1), EXECUTABLE, init);
        String directory = "lib/modules/" + kernelVersion + "/";
        for (int i = 0; i < files.size(); i++) {
            archive.file(directory + files.get(i).name() + ".ko", READABLE, files.get(i).unpack(packed.get(i)));
        }
        archive.file(directory + "modules.dep", READABLE, modules.dependencyList(files).getBytes(StandardCharsets.UTF_8));
        archive.file(directory + "modules.alias", READABLE, modules.aliasList(files).getBytes(StandardCharsets.UTF_8));
        archive.finish();
    }

    /**
     * The whole initramfs of one run, a file of its own without a name, so that it is gone with the process.
     *
     * @throws IOException as {@link #base}
     */
    public Fd forRun(CacheDirectory cache, ShellRun run) throws IOException {
        Path base = base(cache);
        return cache.nameless("run", out -> {
            Files.copy(base, out);
            CpioArchive archive = new CpioArchive(out);
            archive.directory("vmm");
            archive.file("vmm/run", SECRET, run.settings().getBytes(StandardCharsets.UTF_8));
            archive.file("vmm/command", EXECUTABLE, run.script().getBytes(StandardCharsets.UTF_8));
            archive.finish();
        });
    }
}
