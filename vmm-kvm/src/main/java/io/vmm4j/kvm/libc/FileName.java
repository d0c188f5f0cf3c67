package io.vmm4j.kvm.libc;

import java.nio.file.Path;

/** A file's name in a directory, as renameat2(2) can change it and the platform cannot. */
public final class FileName {

    private static final int AT_FDCWD = -100;
    private static final int RENAME_NOREPLACE = 1;
    private static final int RENAME_EXCHANGE = 2;

    private FileName() {
    }

    /**
     * Gives the file called {@code from}, which may be of any kind, the name {@code to} in the same file system, in one step
     * and only where nothing has that name.
     *
     * @throws LinuxException EEXIST when something has, EINVAL when the file system cannot do it in one step
     */
    public static void moveUnlessExists(Path from, Path to) throws LinuxException {
        rename(from, to, RENAME_NOREPLACE);
    }

    /**
     * Has two files of any kind, directories too, change names in one step, in the same file system.
     *
     * @throws LinuxException ENOENT when either is missing, EINVAL when the file system cannot do it in one step
     */
    public static void exchange(Path one, Path other) throws LinuxException {
        rename(one, other, RENAME_EXCHANGE);
    }

    private static void rename(Path from, Path to, int flags) throws LinuxException {
        int result = LibC.renameat2(AT_FDCWD, NativeStruct.string(from.toString()), AT_FDCWD, NativeStruct.string(to.toString()), flags);
        if (result < 0) {
            throw new LinuxException("rename(" + from + ", " + to + ")", LibC.errno());
        }
    }
}
