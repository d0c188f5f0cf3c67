package io.vmm4j.core.share;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A directory of the share's own, which holds folders and others of its kind, and that the guest can only look at. Guarded by the {@link InodeTable}. */
final class Shelf {

    private final Map<String, Inode> children = new LinkedHashMap<>();

    /** The child called {@code name}, or {@code null}. */
    Inode child(String name) {
        return children.get(name);
    }

    void put(String name, Inode child) {
        children.put(name, child);
    }

    void remove(String name) {
        children.remove(name);
    }

    boolean isEmpty() {
        return children.isEmpty();
    }

    Map<String, Inode> children() {
        return children;
    }

    static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }
}
