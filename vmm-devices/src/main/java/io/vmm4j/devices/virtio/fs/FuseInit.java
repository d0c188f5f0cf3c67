package io.vmm4j.devices.virtio.fs;

/**
 * What both sides agree on at INIT.
 *
 * @param minor        of the protocol, as spoken
 * @param maxReadahead bytes, as the guest has it
 * @param flags        those of the guest's that are wanted
 * @param maxPages     most pages in a request
 */
record FuseInit(int minor, int maxReadahead, int flags, int maxPages) {

    /** 1 MiB of data. */
    private static final int MAX_PAGES = 256;
    /** Without FUSE_MAX_PAGES, a driver's 32. */
    private static final int DEFAULT_PAGES = 32;
    private static final int ALWAYS = FuseConstants.FUSE_ASYNC_READ | FuseConstants.FUSE_ATOMIC_O_TRUNC
            | FuseConstants.FUSE_BIG_WRITES | FuseConstants.FUSE_DO_READDIRPLUS
            | FuseConstants.FUSE_READDIRPLUS_AUTO | FuseConstants.FUSE_ASYNC_DIO | FuseConstants.FUSE_PARALLEL_DIROPS
            | FuseConstants.FUSE_MAX_PAGES;
    private static final int MAX_BACKGROUND = 64;
    private static final int CONGESTION = 48;
    private static final int OUT_LENGTH = 64;

    /** What Linux takes for the largest write where nothing is agreed on. */
    static final int MAX_DATA = MAX_PAGES * FuseConstants.PAGE;

    /* struct fuse_init_in { u32 major, minor, max_readahead, flags; u32 flags2, unused[11]; } */
    static FuseInit negotiate(FuseReader asked, FileServer.Policy policy) throws FsException {
        int major = asked.u32();
        int minor = asked.u32();
        int readahead = asked.u32();
        int offered = asked.u32();
        if (major != FuseConstants.FUSE_KERNEL_VERSION || minor < FuseConstants.OLDEST_MINOR_VERSION) {
            throw new FsException(FuseConstants.EPROTO);
        }
        int wanted = ALWAYS | (policy.locks() ? FuseConstants.FUSE_POSIX_LOCKS | FuseConstants.FUSE_FLOCK_LOCKS : 0)
                | (policy.writeback() ? FuseConstants.FUSE_WRITEBACK_CACHE : 0)
                | (policy.cacheSymlinks() ? FuseConstants.FUSE_CACHE_SYMLINKS : 0)
                | (policy.autoInvalidate() ? FuseConstants.FUSE_AUTO_INVAL_DATA : 0);
        int flags = offered & wanted;
        int pages = (flags & FuseConstants.FUSE_MAX_PAGES) != 0 ? MAX_PAGES : DEFAULT_PAGES;
        return new FuseInit(Math.min(minor, FuseConstants.FUSE_KERNEL_MINOR_VERSION), readahead, flags, pages);
    }

    /*
     * struct fuse_init_out { u32 major, minor, max_readahead, flags; u16 max_background, congestion_threshold; u32 max_write, time_gran;
     *                        u16 max_pages, map_alignment; u32 flags2, unused[7]; }
     */
    void write(FuseReply reply) {
        int start = reply.length();
        reply.u32(FuseConstants.FUSE_KERNEL_VERSION).u32(minor).u32(maxReadahead).u32(flags);
        reply.u16(MAX_BACKGROUND).u16(CONGESTION).u32(maxPages * FuseConstants.PAGE).u32(1).u16(maxPages).u16(0);
        reply.zeros(OUT_LENGTH - (reply.length() - start));
    }
}
