package io.vmm4j.core.rootfs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Who an image's program runs as: {@code USER[:GROUP]} of its configuration, names or numbers, by the image's own passwd(5) and group(5).
 *
 * @param groups those that list the user, where no group is named
 */
record ImageUser(long uid, long gid, List<Long> groups, String home) {

    private static final int FILE_MAX = 1 << 20;
    private static final int GROUPS_MAX = 1000;
    private static final long ID_MAX = 0xFFFF_FFFEL;

    static ImageUser of(String text, Tree tree, Stage stage) throws IOException {
        int colon = text.indexOf(':');
        String user = colon < 0 ? text : text.substring(0, colon);
        String group = colon < 0 ? "" : text.substring(colon + 1);
        List<String[]> users = lines("/etc/passwd", 7, tree, stage);
        List<String[]> groups = lines("/etc/group", 4, tree, stage);
        String[] entry = find(users, user.isEmpty() ? "0" : user);
        if (entry == null && !user.isEmpty() && !isNumber(user)) {
            throw new RootfsException("the image's user " + Names.show(Names.of(user)) + " is not in its /etc/passwd");
        }
        long uid = entry == null ? user.isEmpty() ? 0 : id(user) : id(entry[2]);
        long gid = entry == null ? 0 : id(entry[3]);
        List<Long> more = new ArrayList<>();
        if (!group.isEmpty()) {
            String[] named = find(groups, group);
            if (named == null && !isNumber(group)) {
                throw new RootfsException("the image's group " + Names.show(Names.of(group)) + " is not in its /etc/group");
            }
            gid = named == null ? id(group) : id(named[2]);
        } else if (entry != null) {
            for (String[] line : groups) {
                if (List.of(line[3].split(",")).contains(entry[0]) && isNumber(line[2]) && more.size() < GROUPS_MAX) {
                    more.add(id(line[2]));
                }
            }
        }
        return new ImageUser(uid, gid, more, entry == null || !entry[5].startsWith("/") ? uid == 0 ? "/root" : "/" : entry[5]);
    }

    /** By name, else by number. */
    private static String[] find(List<String[]> lines, String text) {
        for (int field : new int[] {0, 2}) {
            for (String[] line : lines) {
                if (line[field].equals(text) && isNumber(line[2])) {
                    return line;
                }
            }
        }
        return null;
    }

    private static boolean isNumber(String text) {
        return text.matches("\\d{1,10}");
    }

    private static long id(String text) throws RootfsException {
        if (!isNumber(text) || Long.parseLong(text) > ID_MAX) {
            throw new RootfsException("the image's user or group " + Names.show(Names.of(text)) + " is not in 0.." + ID_MAX);
        }
        return Long.parseLong(text);
    }

    private static List<String[]> lines(String path, int fields, Tree tree, Stage stage) throws IOException {
        List<String[]> lines = new ArrayList<>();
        Node file = tree.find(path);
        if (file == null || file.kind != Node.Kind.FILE || file.content < 0) {
            return lines;
        }
        try (InputStream in = Files.newInputStream(stage.file(Integer.toString(file.content)))) {
            String text = new String(in.readNBytes(FILE_MAX), StandardCharsets.UTF_8);
            for (String line : text.split("\n")) {
                String[] parts = line.split(":", -1);
                if (parts.length >= fields) {
                    lines.add(parts);
                }
            }
        }
        return lines;
    }
}
