package io.vmm4j.kvm.libc;

/** As whom the calling thread makes files, apart from the rest of its process. */
public final class ThreadIdentity {
    private static final int CLONE_FS = 0x200;
    private static final int PR_GET_SECUREBITS = 27;
    private static final int PR_SET_SECUREBITS = 28;
    private static final long SECBIT_NO_SETUID_FIXUP = 4;

    private static final int SYS_UMASK = 95;
    private static final int SYS_SETFSUID = 122;
    private static final int SYS_SETFSGID = 123;
    private static final int SYS_PRCTL = 157;
    private static final int SYS_UNSHARE = 272;

    private ThreadIdentity() {
    }

    /**
     * Gives the calling thread a umask of its own, of 0.
     *
     * @throws LinuxException when it cannot have one; the process's holds then
     */
    public static void clearUmask() throws LinuxException {
        if (LibC.syscall(SYS_UNSHARE, CLONE_FS, 0, 0, 0, 0, 0) < 0) {
            throw new LinuxException("unshare(CLONE_FS)", LibC.errno());
        }
        LibC.syscall(SYS_UMASK, 0, 0, 0, 0, 0, 0);
    }

    /** Has the calling thread, of a process that is root, keep what root may when {@link #assume} makes it another; where the host lets it. */
    public static void keepPrivileges() {
        long bits = LibC.syscall(SYS_PRCTL, PR_GET_SECUREBITS, 0, 0, 0, 0, 0);
        if (bits >= 0) {
            LibC.syscall(SYS_PRCTL, PR_SET_SECUREBITS, bits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0, 0);
        }
    }

    /** What the calling thread makes is {@code uid}'s and {@code gid}'s from now on; without effect for ids that the host does not let it have. */
    public static void assume(int uid, int gid) {
        LibC.syscall(SYS_SETFSGID, gid & 0xFFFF_FFFFL, 0, 0, 0, 0, 0);
        LibC.syscall(SYS_SETFSUID, uid & 0xFFFF_FFFFL, 0, 0, 0, 0, 0);
    }
}
