package io.vmm4j.core.share;

import io.vmm4j.devices.virtio.fs.FsException;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.FileCalls;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Extended attributes, of files and directories. Those of the user's may be made; those by which the kernel gives privileges in a privileged folder
 * only. Access control lists are not spoken of. Thread-safe.
 */
final class AttributeWork {

    private static final String USER = "user.";
    private static final String SECURITY = "security.";
    private static final String TRUSTED = "trusted.";
    private static final String LINKS = "/proc/self/fd/";

    private final ShareState state;

    AttributeWork(ShareState state) {
        this.state = state;
    }

    private static String path(Inode inode) {
        return LINKS + inode.fd();
    }

    private void requireAny() throws FsException {
        Errors.require(state.config.xattr(), Errno.ENOSYS); // the guest asks no more then
    }

    private static boolean hasAny(Inode inode) {
        return inode.isRegular() || inode.isDirectory();
    }

    private static boolean isShown(byte[] name) {
        String text = new String(name, StandardCharsets.ISO_8859_1);
        return text.startsWith(USER) || text.startsWith(SECURITY) || text.startsWith(TRUSTED);
    }

    private Inode changeable(long node, byte[] name) throws FsException {
        requireAny();
        Errors.require(isShown(name), Errno.EOPNOTSUPP);
        Inode inode = state.inodes.holdFile(node);
        boolean isUsers = new String(name, StandardCharsets.ISO_8859_1).startsWith(USER);
        int refusal = inode.folder().isReadOnly() ? Errno.EROFS
                : !hasAny(inode) || !isUsers && !inode.folder().isPrivileged() ? Errno.EPERM : 0;
        if (refusal != 0) {
            inode.close();
            throw new FsException(refusal);
        }
        return inode;
    }

    void set(long node, byte[] name, byte[] value, int flags) throws FsException {
        try (Inode inode = changeable(node, name)) {
            Errors.check(state.calls().setAttribute(path(inode), name, value, flags));
        }
    }

    void remove(long node, byte[] name) throws FsException {
        try (Inode inode = changeable(node, name)) {
            Errors.check(state.calls().removeAttribute(path(inode), name));
        }
    }

    byte[] get(long node, byte[] name) throws FsException {
        requireAny();
        try (Inode inode = state.inodes.hold(node)) {
            Errors.require(isShown(name), Errno.EOPNOTSUPP);
            Errors.require(inode.shelf() == null && hasAny(inode), Errors.ENODATA);
            FileCalls calls = state.calls();
            return calls.value(Errors.check(calls.attribute(path(inode), name)));
        }
    }

    byte[] names(long node) throws FsException {
        requireAny();
        try (Inode inode = state.inodes.hold(node)) {
            if (inode.shelf() != null || !hasAny(inode)) {
                return new byte[0];
            }
            FileCalls calls = state.calls();
            return shown(calls.value(Errors.check(calls.attributeNames(path(inode)))));
        }
    }

    /** Those that can be read. */
    private static byte[] shown(byte[] all) {
        byte[] kept = new byte[all.length];
        int length = 0;
        for (int start = 0, end = 0; end < all.length; end++) {
            if (all[end] == 0) {
                byte[] name = Arrays.copyOfRange(all, start, end + 1);
                if (isShown(name)) {
                    System.arraycopy(name, 0, kept, length, name.length);
                    length += name.length;
                }
                start = end + 1;
            }
        }
        return Arrays.copyOf(kept, length);
    }
}
