package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;

/** As whom the calling thread makes files, apart from the rest of its process. */
public final class ThreadIdentity {
    private static final int CLONE_FS = 0x200;
    private static final int PR_GET_SECUREBITS = 27;
    private static final int PR_SET_SECUREBITS = 28;
    private static final long SECBIT_NO_SETUID_FIXUP = 4;

    /* struct { u32 version; int pid; } and { u32 effective, permitted, inheritable; } twice. */
    private static final int CAP_HEADER = 8;
    private static final int CAP_SETS = 24;
    private static final int CAPABILITY_VERSION_3 = 0x2008_0522;
    private static final int CAP_FSETID = 1 << 4;
    private static final int CAP_SYS_RESOURCE = 1 << 24;
    private static final int PERMITTED = 4;
    private static final int INHERITABLE = 8;
    private static final int NO_ID = -1;

    private static final int SYS_UMASK = 95;
    private static final int SYS_SETFSUID = 122;
    private static final int SYS_SETFSGID = 123;
    private static final int SYS_CAPGET = 125;
    private static final int SYS_CAPSET = 126;
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

    /**
     * Has the calling thread, for good, be held to quotas as users are; and unless {@code keepsSetId} have what it writes to, or gives another owner, lose
     * its set-uid and set-gid bits, as for any user: root's files would keep them.
     *
     * @throws LinuxException when that cannot be
     */
    public static void dropPrivileges(boolean keepsSetId) throws LinuxException {
        int dropped = CAP_SYS_RESOURCE | (keepsSetId ? 0 : CAP_FSETID);
        NativeStruct sets = capabilities();
        for (int set : new int[] {0, PERMITTED, INHERITABLE}) { // what is permitted would come back with another identity
            sets.bytes().putInt(set, sets.bytes().getInt(set) & ~dropped);
        }
        setCapabilities(sets);
    }

    /**
     * Switches off, or on where it is permitted, that what the calling thread writes to keeps its set-uid and set-gid bits.
     *
     * @throws LinuxException when that cannot be
     */
    public static void keepSetIds(boolean on) throws LinuxException {
        NativeStruct sets = capabilities();
        int effective = sets.bytes().getInt(0);
        sets.bytes().putInt(0, on ? effective | CAP_FSETID & sets.bytes().getInt(PERMITTED) : effective & ~CAP_FSETID);
        setCapabilities(sets);
    }

    private static NativeStruct header() {
        NativeStruct header = NativeStruct.allocate(CAP_HEADER);
        header.bytes().putInt(0, CAPABILITY_VERSION_3);
        return header;
    }

    private static NativeStruct capabilities() throws LinuxException {
        NativeStruct sets = NativeStruct.allocate(CAP_SETS);
        check("capget", call(SYS_CAPGET, header(), sets));
        return sets;
    }

    private static void setCapabilities(NativeStruct sets) throws LinuxException {
        check("capset", call(SYS_CAPSET, header(), sets));
    }

    private static long call(int number, NativeStruct header, NativeStruct sets) {
        try {
            return LibC.syscall(number, header.address(), sets.address(), 0, 0, 0, 0);
        } finally {
            Reference.reachabilityFence(header);
            Reference.reachabilityFence(sets);
        }
    }

    private static void check(String call, long result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }

    /** What the calling thread makes is {@code uid}'s and {@code gid}'s from now on. Returns false for ids that the host does not let it have. */
    public static boolean assume(int uid, int gid) {
        set(SYS_SETFSGID, gid);
        set(SYS_SETFSUID, uid);
        return set(SYS_SETFSGID, NO_ID) == gid && set(SYS_SETFSUID, NO_ID) == uid;
    }

    /** The group that what the calling thread makes is of. */
    public static int group() {
        return set(SYS_SETFSGID, NO_ID);
    }

    /** Returns what was before; an id of -1 changes nothing. */
    private static int set(int call, int id) {
        return (int) LibC.syscall(call, id & 0xFFFF_FFFFL, 0, 0, 0, 0, 0);
    }
}
