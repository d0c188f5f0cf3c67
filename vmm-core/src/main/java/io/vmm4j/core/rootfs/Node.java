package io.vmm4j.core.rootfs;

import java.util.Map;
import java.util.TreeMap;

/** A file of the tree; several names of one node are hard links. Confined to the thread that makes the tree. */
final class Node {

    /** What a node is, with the letter that debugfs has for a device. */
    enum Kind {
        DIRECTORY(0040000, '-'),
        FILE(0100000, '-'),
        SYMLINK(0120000, '-'),
        PIPE(0010000, 'p'),
        CHARACTER_DEVICE(0020000, 'c'),
        BLOCK_DEVICE(0060000, 'b');

        private final int type;
        private final char letter;

        Kind(int type, char letter) {
            this.type = type;
            this.letter = letter;
        }

        /** S_IFMT's bits of a mode. */
        int type() {
            return type;
        }

        char letter() {
            return letter;
        }
    }

    final Kind kind;
    /** Permissions with set-uid, set-gid and sticky, 07777. */
    int permissions = 0755;
    long uid;
    long gid;
    /** Seconds since 1970. */
    long mtime;
    /** By their whole names. */
    Map<String, byte[]> attributes = Map.of();
    /** Of a directory. */
    final Map<String, Node> children;
    /** Of a symbolic link. */
    String target;
    /** Of a regular file with content: its number in the stage; negative for an empty one. */
    int content = -1;
    long size;
    int major;
    int minor;
    /** The layer that had it last. */
    int layer;

    Node(Kind kind, int layer) {
        this.kind = kind;
        this.layer = layer;
        this.children = kind == Kind.DIRECTORY ? new TreeMap<>() : Map.of();
    }

    boolean isDirectory() {
        return kind == Kind.DIRECTORY;
    }

    /** Takes over what is not content. */
    void takeFrom(Node other) {
        permissions = other.permissions;
        uid = other.uid;
        gid = other.gid;
        mtime = other.mtime;
        attributes = other.attributes;
        layer = other.layer;
    }
}
