package io.vmm4j.core.rootfs;

import java.util.ArrayList;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The files of a root file system, made layer by layer: what a later one has takes the place of what is there, and its whiteouts (OCI image
 * specification, "Filesystem Layers") take away what those before it had. Names lead nowhere but into the tree: {@code ..} is refused, an absolute
 * name is one below the root, and links on the way are followed here. Confined to one thread.
 */
final class Tree {

    private static final String WHITEOUT = ".wh.";
    private static final String OPAQUE = ".wh..wh..opq";
    private static final int NAME_MAX = 255;
    private static final int PATH_MAX = 4096;
    private static final int LINKS_MAX = 40;

    private final Node root = new Node(Node.Kind.DIRECTORY, 0);
    private final Limits limits;
    private int layer;

    Tree(Limits limits) {
        this.limits = limits;
    }

    Node root() {
        return root;
    }

    /** What is put from now on belongs to the next layer. */
    void nextLayer() {
        layer++;
    }

    int layer() {
        return layer;
    }

    /** Puts {@code node} where {@code name} says. */
    void put(String name, Node node) throws RootfsException {
        long bytes = (long) name.length() + (node.target == null ? 0 : node.target.length());
        for (Map.Entry<String, byte[]> attribute : node.attributes.entrySet()) {
            bytes += Limits.ENTRY_BYTES + attribute.getKey().length() + attribute.getValue().length;
        }
        limits.addEntry(bytes);
        if (node.target != null && (node.target.length() >= PATH_MAX || node.target.isEmpty())) {
            throw new RootfsException("the target of the link " + Names.show(name) + " has " + node.target.length() + " bytes, not 1 to " + (PATH_MAX - 1));
        }
        List<String> parts = parts(name);
        if (parts.isEmpty()) {
            if (!node.isDirectory()) {
                throw new RootfsException("its root " + Names.show(name) + " is no directory");
            }
            root.takeFrom(node);
            return;
        }
        Node parent = parentOf(parts, name);
        putChild(parent, parts.get(parts.size() - 1), node);
    }

    /** As a layer of an image has it: names of whiteouts take away. */
    void putLayered(String name, Node node) throws RootfsException {
        List<String> parts = parts(name);
        String last = parts.isEmpty() ? "" : parts.get(parts.size() - 1);
        if (!last.startsWith(WHITEOUT)) {
            put(name, node);
            return;
        }
        limits.addEntry(name.length());
        Node parent = existingParent(parts, name);
        if (parent == null) {
            return;
        }
        if (last.equals(OPAQUE)) {
            prune(parent);
        } else {
            String hidden = last.substring(WHITEOUT.length());
            Node child = parent.children.get(hidden);
            if (child != null && child.layer < layer) {
                parent.children.remove(hidden);
            } else if (child != null && child.isDirectory()) {
                prune(child);
            }
        }
    }

    /** Takes away what earlier layers had below. */
    private void prune(Node directory) {
        Deque<Node> due = new ArrayDeque<>(List.of(directory));
        while (!due.isEmpty()) {
            for (Iterator<Node> children = due.pop().children.values().iterator(); children.hasNext();) {
                Node child = children.next();
                if (child.layer < layer) {
                    children.remove();
                } else if (child.isDirectory()) {
                    due.push(child);
                }
            }
        }
    }

    /** Gives the file {@code target} the further name {@code name}. */
    void link(String name, String target) throws RootfsException {
        limits.addEntry(name.length());
        List<String> parts = parts(name);
        List<String> from = parts(target);
        Node parent = from.isEmpty() ? null : existingParent(from, target);
        Node node = parent == null ? null : parent.children.get(from.get(from.size() - 1));
        if (node == null || parts.isEmpty()) {
            throw new RootfsException("the hard link " + Names.show(name) + " is to " + Names.show(target) + ", which is not in it");
        }
        if (node.isDirectory()) {
            throw new RootfsException("the hard link " + Names.show(name) + " is to the directory " + Names.show(target));
        }
        node.layer = layer;
        Node place = parentOf(parts, name);
        String last = parts.get(parts.size() - 1);
        if (place.children.get(last) != node) {
            putChild(place, last, node);
        }
    }

    private void putChild(Node parent, String name, Node node) {
        Node there = parent.children.get(name);
        if (there != null && there.isDirectory() && node.isDirectory()) {
            there.takeFrom(node);
        } else {
            parent.children.put(name, node);
        }
        parent.layer = layer;
    }

    private static List<String> parts(String name) throws RootfsException {
        if (name.length() > PATH_MAX) {
            throw new RootfsException("the name " + Names.show(name) + " has more than " + PATH_MAX + " bytes");
        }
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/")) {
            if (part.equals("..")) {
                throw new RootfsException("the name " + Names.show(name) + " has \"..\" in it");
            }
            if (part.length() > NAME_MAX) {
                throw new RootfsException("the name " + Names.show(name) + " has a part of more than " + NAME_MAX + " bytes");
            }
            if (part.indexOf('\0') >= 0) {
                throw new RootfsException("the name " + Names.show(name) + " has a byte 0 in it");
            }
            if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        return parts;
    }

    /** The directory that {@code parts} without the last lead to, made where it is not there. */
    private Node parentOf(List<String> parts, String name) throws RootfsException {
        return walk(parts, name, true);
    }

    private Node existingParent(List<String> parts, String name) throws RootfsException {
        return walk(parts, name, false);
    }

    private Node walk(List<String> parts, String name, boolean isMaking) throws RootfsException {
        Deque<Node> way = new ArrayDeque<>(List.of(root));
        Deque<String> due = new ArrayDeque<>(parts.subList(0, parts.size() - 1));
        int links = 0;
        while (!due.isEmpty()) {
            String part = due.pop();
            if (part.equals("..")) {
                if (way.size() > 1) {
                    way.pop();
                }
                continue;
            }
            Node child = way.peek().children.get(part);
            if (child != null && child.kind == Node.Kind.SYMLINK) {
                if (++links > LINKS_MAX) {
                    throw new RootfsException("the name " + Names.show(name) + " leads through more than " + LINKS_MAX + " links");
                }
                follow(child.target, way, due);
                continue;
            }
            if (child == null || !child.isDirectory()) {
                if (!isMaking) {
                    return null;
                }
                child = new Node(Node.Kind.DIRECTORY, layer);
                limits.addEntry(part.length());
                way.peek().children.put(part, child);
            }
            if (isMaking) {
                child.layer = layer;
            }
            way.push(child);
        }
        return way.peek();
    }

    /** Has a directory there, root's, unless there is one. */
    void makeDirectory(String name) throws RootfsException {
        List<String> parts = new ArrayList<>(parts(name));
        parts.add("");
        parentOf(parts, name);
    }

    /** What is due after a link: where it leads, and then the rest. */
    private static void follow(String target, Deque<Node> way, Deque<String> due) throws RootfsException {
        if (target.startsWith("/")) {
            while (way.size() > 1) {
                way.pop();
            }
        }
        String[] steps = target.split("/");
        for (int i = steps.length - 1; i >= 0; i--) {
            if (!steps[i].isEmpty() && !steps[i].equals(".")) {
                due.push(steps[i]);
            }
        }
        if (due.size() > PATH_MAX) {
            throw new RootfsException("links lead through more than " + PATH_MAX + " directories");
        }
    }

    /** What is at {@code path} with all links followed, or {@code null}. */
    Node find(String path) throws RootfsException {
        Node node = null;
        String at = path;
        for (int links = 0; links <= LINKS_MAX; links++) {
            List<String> parts = new ArrayList<>();
            for (String part : at.split("/")) {
                if (!part.isEmpty() && !part.equals(".")) {
                    parts.add(part);
                }
            }
            if (parts.isEmpty()) {
                return root;
            }
            Node parent = walk(parts, path, false);
            node = parent == null ? null : parent.children.get(parts.get(parts.size() - 1));
            if (node == null || node.kind != Node.Kind.SYMLINK) {
                return node;
            }
            at = node.target.startsWith("/") ? node.target : at.substring(0, Math.max(0, at.lastIndexOf('/'))) + "/" + node.target;
        }
        return null;
    }
}
