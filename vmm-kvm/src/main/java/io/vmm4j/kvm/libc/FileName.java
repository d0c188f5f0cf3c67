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
     * Has two files, which may be of any kind, change names in one step.
     *
     * @throws LinuxException ENOENT when one of them is not there, EINVAL or ENOSYS when the file system cannot do it
     */
    public static void exchange(Path one, Path other) throws LinuxException {
        int result = LibC.renameat2(AT_FDCWD, NativeStruct.string(one.toString()), AT_FDCWD, NativeStruct.string(other.toString()), RENAME_EXCHANGE);
        if (result < 0) {
            throw new LinuxException("rename(" + one + ", " + other + ", exchange)", LibC.errno());
        }
    }

    /**
     * Gives the file called {@code from}, which may be of any kind, the name {@code to} in the same file system, in one step
     * and only where nothing has that name.
     *
     * @throws LinuxException EEXIST when something has, EINVAL when the file system cannot do it in one step
     */
    public static void moveUnlessExists(Path from, Path to) throws LinuxException {
        int result = LibC.renameat2(AT_FDCWD, NativeStruct.string(from.toString()), AT_FDCWD, NativeStruct.string(to.toString()), RENAME_NOREPLACE);
        if (result < 0) {
            throw new LinuxException("rename(" + from + ", " + to + ")", LibC.errno());
        }
    }
}
