package io.vmm4j.core.rootfs;

import java.io.BufferedWriter;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * What debugfs(8) is told, a line a step, to put a tree into an empty file system: it goes into each directory, so that no line is longer than
 * two names and a link's target, and names what it finds there as {@code ./NAME} in quotes. It has no way to say a line feed or a carriage return.
 * Files of several names are made under lost+found first, and linked from there. Confined to one thread.
 */
final class DebugfsScript {

    private static final int LINKS_MAX = 65_000;
    /** debugfs reads into 8 KiB. */
    private static final int LINE_MAX = 8000;
    private static final String PARKING = "lost+found";
    /** Of a block of a directory, with some to spare. */
    private static final int NAMES_PER_BLOCK = 3000;
    private static final int ENTRY_BYTES = 12;
    /** Bytes of a block and of what an inode has for them. */
    private static final int ATTRIBUTES_MAX = 4096 + 96;
    private static final long TIME_MAX = (1L << 34) - 1;
    /** What ext4 keeps; tar archives of other systems have others. */
    private static final List<String> KEPT = List.of("user.", "trusted.", "security.", "system.posix_acl_");

    private final Node root;
    private final Stage stage;
    private final BufferedWriter out;
    /** Names a node has, by node; for those with several then their number in the parking. */
    private final Map<Node, Integer> names = new IdentityHashMap<>();
    private final Map<Node, Integer> parked = new IdentityHashMap<>();
    private String parkedPrefix = "vmm-link-";

    DebugfsScript(Node root, Stage stage, BufferedWriter out) {
        this.root = root;
        this.stage = stage;
        this.out = out;
    }

    /** A directory that the script is in. */
    private record Place(Node directory, Iterator<Map.Entry<String, Node>> rest) {
        static Place of(Node directory) {
            return new Place(directory, directory.children.entrySet().iterator());
        }
    }

    void write() throws IOException {
        Node lost = root.children.get(PARKING);
        if (lost != null && !lost.isDirectory()) {
            throw new RootfsException("its " + Names.show("/" + PARKING) + " is no directory");
        }
        // A name that nothing in there has.
        while (lost != null && lost.children.keySet().stream().anyMatch(name -> name.startsWith(parkedPrefix))) {
            parkedPrefix += "-";
        }
        count();
        park();
        Deque<Place> way = new ArrayDeque<>();
        way.push(Place.of(root));
        while (!way.isEmpty()) {
            Place place = way.peek();
            if (!place.rest().hasNext()) {
                links(place.directory());
                fields(".", place.directory());
                line("cd ..");
                way.pop();
                continue;
            }
            Map.Entry<String, Node> next = place.rest().next();
            if (!next.getValue().isDirectory()) {
                if (!parked.containsKey(next.getValue())) {
                    make(next.getKey(), next.getValue());
                }
            } else {
                if (place.directory() != root || !next.getKey().equals(PARKING)) {
                    line("mkdir " + here(next.getKey()));
                }
                line("cd " + here(next.getKey()));
                way.push(Place.of(next.getValue()));
            }
        }
        for (int number : parked.values()) {
            line("unlink " + parking(number));
        }
    }

    private void count() throws RootfsException {
        Deque<Node> due = new ArrayDeque<>(List.of(root));
        while (!due.isEmpty()) {
            int directories = 0;
            for (Node child : due.pop().children.values()) {
                if (child.isDirectory()) {
                    due.push(child);
                    directories++;
                } else if (names.merge(child, 1, Integer::sum) > LINKS_MAX) {
                    throw new RootfsException("a file has more than " + LINKS_MAX + " hard links");
                }
            }
            if (directories > LINKS_MAX - 2) {
                throw new RootfsException("a directory has more than " + (LINKS_MAX - 2) + " directories in it");
            }
        }
        names.values().removeIf(number -> number == 1);
    }

    private void park() throws IOException {
        line("cd /" + PARKING);
        for (Map.Entry<Node, Integer> linked : names.entrySet()) {
            int number = parked.size();
            parked.put(linked.getKey(), number);
            make(parkedName(number), linked.getKey());
            line("sif " + here(parkedName(number)) + " links_count " + linked.getValue());
        }
        line("cd /");
    }

    private String parkedName(int number) {
        return parkedPrefix + number;
    }

    private String parking(int number) {
        return "/" + PARKING + "/" + parkedName(number);
    }

    /** The further names, when all else is there: only for what is made anew does debugfs make room by itself. */
    private void links(Node directory) throws IOException {
        int room = 0;
        for (Map.Entry<String, Node> child : directory.children.entrySet()) {
            Integer number = parked.get(child.getValue());
            if (number != null) {
                int bytes = child.getKey().length() + ENTRY_BYTES;
                if (room < bytes) {
                    line("expand_dir .");
                    room = NAMES_PER_BLOCK;
                }
                room -= bytes;
                line("ln " + parking(number) + " " + here(child.getKey()));
            }
        }
    }

    private void make(String name, Node node) throws IOException {
        switch (node.kind) {
            case FILE -> line("write " + (node.content < 0 ? "/dev/null" : Integer.toString(node.content)) + " " + here(name));
            case SYMLINK -> line("symlink " + here(name) + " " + quoted(node.target));
            case PIPE -> line("mknod " + quoted(name) + " p");
            case CHARACTER_DEVICE, BLOCK_DEVICE -> line("mknod " + quoted(name) + " " + node.kind.letter() + " " + node.major + " " + node.minor);
            case DIRECTORY -> throw new IllegalStateException(name); // goes the other way
        }
        fields(here(name), node);
    }

    private void fields(String place, Node node) throws IOException {
        int mode = node.kind.type() | (node.kind == Node.Kind.SYMLINK ? 0777 : node.permissions);
        line("sif " + place + " mode 0" + Integer.toOctalString(mode));
        if (node.uid != 0) {
            line("sif " + place + " uid " + node.uid);
        }
        if (node.gid != 0) {
            line("sif " + place + " gid " + node.gid);
        }
        long time = Math.max(0, Math.min(TIME_MAX, node.mtime));
        for (String field : List.of("mtime", "ctime", "atime")) {
            line("sif " + place + " " + field + " @" + time);
        }
        int room = ATTRIBUTES_MAX;
        for (Map.Entry<String, byte[]> attribute : node.attributes.entrySet()) {
            String name = attribute.getKey();
            if (KEPT.stream().anyMatch(name::startsWith) && attribute.getValue().length > 0) {
                room -= name.length() + attribute.getValue().length;
                if (room < 0) {
                    throw new RootfsException("the attributes of " + Names.show(place) + ", " + Names.show(name) + " among them, have more than " + ATTRIBUTES_MAX
                            + " bytes, for which ext4 has no room");
                }
                line("ea_set -f " + stage.add(attribute.getValue()) + " " + place + " " + quoted(name));
            }
        }
    }

    private static String here(String name) throws RootfsException {
        return quoted("./" + name);
    }

    private static String quoted(String name) throws RootfsException {
        if (name.indexOf('\n') >= 0 || name.indexOf('\r') >= 0) {
            throw new RootfsException("the name or link " + Names.show(name) + " has a line end in it, which debugfs cannot be told");
        }
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private void line(String text) throws IOException {
        if (text.length() > LINE_MAX) {
            throw new RootfsException("the link " + Names.show(text) + " is too long for debugfs");
        }
        out.write(text);
        out.write('\n');
    }
}
