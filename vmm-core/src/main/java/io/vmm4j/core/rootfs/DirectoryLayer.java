package io.vmm4j.core.rootfs;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileCalls;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Puts a directory of the host's into a tree, or into a digest. Sockets are left out. What belongs to the user who is not root becomes root's: a user
 * who unpacks a root file system owns all of it. Confined to one thread.
 */
final class DirectoryLayer {

    private static final String UNIX = "unix:uid,gid,mode,rdev,nlink,ino,dev,ctime,size,lastModifiedTime";
    private static final int TYPE = 0170000;
    private static final int PERMISSIONS = 07777;
    private static final String CAPABILITY = "security.capability";
    private static final int DEPTH_MAX = 500;

    private final Path root;
    private final long own = ProcessCalls.geteuid();
    private final FileCalls calls = new FileCalls();
    private final Map<String, String> linked = new HashMap<>();

    DirectoryLayer(Path root) {
        this.root = root;
    }

    /** What is done with a file of the directory. */
    private interface Visitor {
        void visit(Path file, String name, Map<String, Object> status) throws IOException;
    }

    /** Adds what can be seen of each file without reading it: names, status and times, which change when a file does. */
    void digest(MessageDigest digest) throws IOException {
        walk((file, name, status) -> {
            StringBuilder text = new StringBuilder(name).append('\0');
            for (String key : List.of("mode", "uid", "gid", "rdev", "size", "ino", "dev", "ctime", "lastModifiedTime")) {
                text.append(status.get(key)).append('\0');
            }
            digest.update(text.toString().getBytes(StandardCharsets.UTF_8));
        });
    }

    /** Puts all files into {@code tree} and their content into {@code stage}. */
    void read(Tree tree, Stage stage) throws IOException {
        walk((file, name, status) -> put(tree, stage, file, name, status));
    }

    private void walk(Visitor visitor) throws IOException {
        visit(root.toRealPath(), "", 0, visitor);
    }

    /** Where the user knows it, for messages. */
    private String place(String name) {
        return root + new String(Names.bytes(name), StandardCharsets.UTF_8);
    }

    private Map<String, Object> status(Path file, String name) throws IOException {
        try {
            return Files.readAttributes(file, UNIX, LinkOption.NOFOLLOW_LINKS);
        } catch (AccessDeniedException e) {
            throw new AccessDeniedException(place(name));
        } catch (NoSuchFileException e) {
            throw new NoSuchFileException(place(name));
        }
    }

    /**
     * The very file or directory that has been listed, whatever has its name now: whoever may write to the directory could have put a link or a device
     * there.
     */
    private Fd open(Path file, String name, Map<String, Object> status) throws IOException {
        int flags = Fd.O_RDONLY | Fd.O_NOFOLLOW | Fd.O_NONBLOCK | Fd.O_NOCTTY | Fd.O_CLOEXEC;
        Fd opened;
        try {
            opened = Fd.open(file, flags);
        } catch (LinuxException e) {
            if (e.errno() == Errno.EACCES) {
                throw new AccessDeniedException(place(name));
            }
            throw new RootfsException(place(name) + " cannot be read: " + Errno.message(e.errno()), e);
        }
        try {
            FileStat found = opened.stat();
            if (found.device() != ((Number) status.get("dev")).longValue() || found.inode() != ((Number) status.get("ino")).longValue()
                    || (found.mode() & TYPE) != ((int) status.get("mode") & TYPE)) {
                throw new RootfsException(place(name) + " has changed while it was read");
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private static Path pathOf(Fd opened) {
        return Path.of("/proc/self/fd", Integer.toString(opened.value()));
    }

    private void visit(Path file, String name, int depth, Visitor visitor) throws IOException {
        Map<String, Object> status = status(file, name);
        visitor.visit(file, name, status);
        if (((int) status.get("mode") & TYPE) != Node.Kind.DIRECTORY.type()) {
            return;
        }
        if (depth > DEPTH_MAX) {
            throw new RootfsException("the directory " + place(name) + " is more than " + DEPTH_MAX + " deep");
        }
        try (Fd opened = open(file, name, status)) {
            List<Path> children;
            try (Stream<Path> all = Files.list(pathOf(opened))) {
                children = all.sorted().toList();
            }
            for (Path child : children) {
                visit(child, name + "/" + bytesOf(child.getFileName().toString()), depth + 1, visitor);
            }
        }
    }

    /** Java has made text of the name by the locale's encoding. */
    private static String bytesOf(String text) throws RootfsException {
        Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        byte[] bytes = text.getBytes(charset);
        if (!new String(bytes, charset).equals(text) || text.indexOf('\uFFFD') >= 0) {
            throw new RootfsException("the name " + Names.show(Names.of(text)) + " is no text in this locale's encoding, " + charset);
        }
        return Names.of(bytes);
    }

    private void put(Tree tree, Stage stage, Path file, String name, Map<String, Object> status) throws IOException {
        int mode = (int) status.get("mode");
        Node.Kind kind = kind(mode & TYPE);
        if (kind == null) {
            return;
        }
        String identity = status.get("dev") + ":" + status.get("ino");
        if (kind != Node.Kind.DIRECTORY && (int) status.get("nlink") > 1 && linked.putIfAbsent(identity, name) != null) {
            tree.link(name, linked.get(identity));
            return;
        }
        Node node = new Node(kind, tree.layer());
        node.permissions = mode & PERMISSIONS;
        node.uid = owner((int) status.get("uid") & 0xFFFF_FFFFL);
        node.gid = own != 0 && node.uid == 0 ? 0 : (int) status.get("gid") & 0xFFFF_FFFFL;
        node.mtime = ((FileTime) status.get("lastModifiedTime")).toInstant().getEpochSecond();
        if (kind == Node.Kind.SYMLINK) {
            node.target = bytesOf(Files.readSymbolicLink(file).toString());
        } else if (kind == Node.Kind.FILE || kind == Node.Kind.DIRECTORY) {
            try (Fd opened = open(file, name, status)) {
                if (kind == Node.Kind.FILE) {
                    content(stage, pathOf(opened), node);
                }
                node.attributes = attributes(pathOf(opened));
            }
        } else {
            long device = ((Number) status.get("rdev")).longValue();
            node.major = (int) (device >>> 8 & 0xFFF);
            node.minor = (int) (device & 0xFF | device >>> 12 & 0xFFF00);
        }
        tree.put(name, node);
    }

    private long owner(long uid) {
        return uid == own ? 0 : uid;
    }

    private static void content(Stage stage, Path file, Node node) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            node.content = stage.add(in);
            node.size = Files.size(stage.file(Integer.toString(node.content)));
        }
    }

    /** Capabilities and the user.s own attributes. */
    private Map<String, byte[]> attributes(Path file) {
        Map<String, byte[]> attributes = new TreeMap<>();
        String path = file.toString();
        int length = calls.attributeNames(path);
        if (length <= 0) {
            return attributes;
        }
        for (String name : Names.of(calls.value(length)).split("\0")) {
            if (name.equals(CAPABILITY) || name.startsWith("user.")) {
                int size = calls.attribute(path, Names.bytes(name));
                if (size >= 0) {
                    attributes.put(name, calls.value(size));
                }
            }
        }
        return attributes;
    }

    private static Node.Kind kind(int type) {
        for (Node.Kind kind : Node.Kind.values()) {
            if (kind.type() == type) {
                return kind;
            }
        }
        return null;
    }
}
