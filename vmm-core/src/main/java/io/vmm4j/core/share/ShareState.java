package io.vmm4j.core.share;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.Arrays;

/** What the operations of one share have in common. Thread-safe. */
final class ShareState implements AutoCloseable {

    private static final long KEPT_LONG_MILLIS = 86_400_000;
    private static final long KEPT_SHORT_MILLIS = 1_000;
    private static final int O_PATH_DIRECTORY = Fd.O_PATH | Fd.O_DIRECTORY;
    /** What is known of files may take half of the heap. */
    private static final Allowance.Pool MEMORY = new Allowance.Pool(Runtime.getRuntime().maxMemory() / 2);
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    final Descriptors budget;
    final InodeTable inodes;
    final Volumes volumes;
    final HandleTable handles = new HandleTable();
    final LockOwners owners = new LockOwners();
    final ShareConfig config;
    private final ThreadLocal<Tools> tools;
    private final int links;

    /** @throws IOException when the host's /proc cannot be used */
    ShareState(ShareConfig config, Descriptors budget) throws IOException {
        this.config = config;
        this.budget = budget;
        this.tools = ThreadLocal.withInitial(() -> new Tools(config.privileged()));
        this.inodes = new InodeTable(budget, new Allowance(MEMORY, Long.MAX_VALUE, 7, 8), this::calls);
        this.volumes = new Volumes(inodes);
        this.links = new FileCalls().openPath("/proc/self/fd", O_PATH_DIRECTORY);
        if (links < 0) {
            throw new LinuxException("open(/proc/self/fd)", -links, "a shared folder needs the host's /proc");
        }
    }

    /** The calling thread's. */
    Tools tools() {
        return tools.get();
    }

    FileCalls calls() {
        return tools().calls();
    }

    /** /proc/self/fd, whose links are the way from a descriptor which names a file to one that is open. */
    int links() {
        return links;
    }

    /** How long the guest may keep names and attributes. */
    long validMillis() {
        return switch (config.cache()) {
            case AUTO -> KEPT_SHORT_MILLIS;
            case ALWAYS, METADATA -> KEPT_LONG_MILLIS;
            case NEVER -> 0;
        };
    }

    /** One part of a path, and neither of the two that lead elsewhere. */
    static void requirePlain(byte[] name) throws FsException {
        for (byte octet : name) {
            Errors.require(octet != '/' && octet != 0, Errno.EINVAL);
        }
        Errors.require(name.length > 0 && !Arrays.equals(name, DOT) && !Arrays.equals(name, DOT_DOT), Errno.EINVAL);
    }

    @Override
    public void close() {
        owners.clear();
        handles.clear();
        inodes.clear();
        LibC.close(links);
    }
}
