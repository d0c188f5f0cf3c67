package io.vmm4j.core.share;

import io.vmm4j.kvm.libc.FileSystemStatus;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The host's file systems that are in a share, and which kinds may be. Thread-safe. */
final class Volumes {

    /** In one folder. */
    static final int MOST = 1024;

    private static final long OVERLAYFS = 0x794C_7630;
    /**
     * Those whose files are not data but the kernel's answers and orders, by which a guest would reach the host's processes, this one included: proc,
     * sysfs, debugfs, tracefs, securityfs, selinuxfs, smackfs, cgroup, cgroup2, bpf, pstore, efivarfs, binfmt_misc, devpts, configfs, nsfs, mqueue, fusectl,
     * rpc_pipefs, nfsd, resctrl, xenfs, binderfs, hugetlbfs, autofs.
     */
    private static final Set<Long> KERNELS_OWN = Set.of(0x9FA0L, 0x6265_6572L, 0x6462_6720L, 0x7472_6163L, 0x7363_6673L, 0xF97C_FF8CL, 0x4341_5D53L,
            0x27_E0EBL, 0x6367_7270L, 0xCAFE_4A11L, 0x6165_676CL, 0xDE5E_81E4L, 0x4249_4E4DL, 0x1CD1L, 0x6265_6570L, 0x6E73_6673L, 0x1980_0202L, 0x6573_5543L,
            0x6759_6969L, 0x6E66_7364L, 0x0765_5821L, 0xABBA_1974L, 0x6C6F_6F70L, 0x9584_58F6L, 0x187L);
    /** Those that may say that they have no blocks, and hold files for all that: tmpfs, ramfs, FUSE, 9p, NFS, CIFS, SMB, Ceph, overlays. */
    private static final Set<Long> WITHOUT_BLOCKS = Set.of(0x102_1994L, 0x8584_58F6L, 0x6573_5546L, 0x102_1997L, 0x6969L, 0xFF53_4D42L, 0xFE53_4D42L,
            0x517BL, 0xC3_6400L, OVERLAYFS);

    private final InodeTable table;
    private final Map<Long, Integer> prefixes = new HashMap<>();

    Volumes(InodeTable table) {
        this.table = table;
    }

    /** Whether a file system is one of files. One that is not known and stores nothing is another of the kernel's own. */
    static boolean isOrdinary(FileSystemStatus kind) {
        long type = kind.type() & 0xFFFF_FFFFL;
        return !KERNELS_OWN.contains(type) && (kind.blocks() > 0 || WITHOUT_BLOCKS.contains(type));
    }

    /** Those that are in first show the numbers that the host does; beyond 65000 file systems numbers may be the same. */
    synchronized Volume make(Folder folder, long device, FileSystemStatus kind) {
        int prefix = prefixes.size() < Volume.OWN || prefixes.containsKey(device) ? prefixes.computeIfAbsent(device, any -> prefixes.size()) : 0;
        return new Volume(table, folder, device, prefix, kind.type() != OVERLAYFS);
    }
}
