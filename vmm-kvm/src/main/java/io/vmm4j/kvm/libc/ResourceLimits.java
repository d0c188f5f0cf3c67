package io.vmm4j.kvm.libc;

/** What a process may have of its host's resources, for messages about what is used up. */
public final class ResourceLimits {
    /* Numbers and layout of sys/resource.h: struct rlimit64 { u64 rlim_cur, rlim_max; } */
    private static final int RLIMIT_FSIZE = 1;
    private static final int RLIMIT_NPROC = 6;
    private static final int RLIMIT_NOFILE = 7;
    private static final int RLIMIT_SIZE = 16;
    private static final long RLIM_INFINITY = -1;

    private ResourceLimits() {
    }

    /** Whether {@code errno} says that there is none left of a resource: {@code EMFILE}, {@code ENFILE}, {@code ENOMEM}, and {@code EFBIG} where this process has a limit. */
    public static boolean isShortage(int errno) {
        return switch (errno) {
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM -> true;
            case Errno.EFBIG -> soft(RLIMIT_FSIZE) >= 0;
            default -> false;
        };
    }

    /** One clause that names the resource of a shortage, its limit and who sets that; empty for another {@code errno}. */
    public static String hint(int errno) {
        return switch (errno) {
            case Errno.EMFILE -> "this process has all the file descriptors that it may have, " + limit(RLIMIT_NOFILE)
                    + " (RLIMIT_NOFILE): raise the limit, as with ulimit -n";
            case Errno.ENFILE -> "the host has all the files open that it may have: raise fs.file-max";
            case Errno.ENOMEM -> "no memory is left for it on the host, in a control group or within a limit of this process "
                    + "(ulimit -v, ulimit -l, vm.max_map_count)";
            case Errno.EFBIG -> soft(RLIMIT_FSIZE) < 0 ? "" : "this process may have no file, and no guest memory, of more than "
                    + limit(RLIMIT_FSIZE) + " bytes (RLIMIT_FSIZE): raise the limit, as with ulimit -f";
            default -> "";
        };
    }

    /** One clause on what limits threads. */
    public static String ofThreads() {
        return "this user may have " + limit(RLIMIT_NPROC) + " threads (RLIMIT_NPROC, ulimit -u), the host kernel.threads-max, "
                + "a control group its pids.max, and each takes memory for its stack";
    }

    /** How many descriptors this process may have at a time; {@link Long#MAX_VALUE} where there is no limit. */
    public static long descriptors() {
        long soft = soft(RLIMIT_NOFILE);
        return soft < 0 ? Long.MAX_VALUE : soft;
    }

    /** A soft limit; {@link #RLIM_INFINITY} where there is none, or none that can be told. */
    private static long soft(int resource) {
        NativeStruct limit = NativeStruct.allocate(RLIMIT_SIZE);
        return ProcessCalls.getrlimit(resource, limit) < 0 ? RLIM_INFINITY : limit.bytes().getLong(0);
    }

    private static String limit(int resource) {
        NativeStruct limit = NativeStruct.allocate(RLIMIT_SIZE);
        if (ProcessCalls.getrlimit(resource, limit) < 0) {
            return "an unknown number of";
        }
        long soft = limit.bytes().getLong(0);
        return soft == RLIM_INFINITY ? "any number of" : Long.toUnsignedString(soft);
    }
}
