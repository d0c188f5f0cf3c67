package io.vmm4j.kvm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who may open a device, who asks, and so what would help.
 *
 * @param device      for the text
 * @param owner       the device's user
 * @param group       the device's group, and its number
 * @param permissions the device's
 * @param user        who asks
 * @param groupIds    the groups of this process
 * @param groups      those that are known, with their members
 */
record DeviceAccess(Path device, String owner, Group group, Set<PosixFilePermission> permissions, String user, Set<Integer> groupIds,
        List<Group> groups) {

    /** The group that udev's rules give /dev/kvm to. */
    private static final String USUAL_GROUP = "kvm";
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path GROUPS = Path.of("/etc/group");

    /** A line of /etc/group. */
    record Group(String name, int id, Set<String> members) {
    }

    /** What there is to know of {@code device} and this process; empty where that cannot be read. */
    static Optional<DeviceAccess> of(Path device) {
        try {
            PosixFileAttributes attributes = Files.readAttributes(device, PosixFileAttributes.class);
            int gid = (Integer) Files.getAttribute(device, "unix:gid");
            Group group = new Group(attributes.group().getName(), gid, Set.of());
            return Optional.of(new DeviceAccess(device, attributes.owner().getName(), group, attributes.permissions(),
                    Files.getOwner(Path.of("/proc/self")).getName(), ownGroups(Files.readAllLines(STATUS)), groups(Files.readAllLines(GROUPS))));
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }

    static Set<Integer> ownGroups(List<String> status) {
        Set<Integer> ids = new HashSet<>();
        for (String line : status) {
            if (line.startsWith("Gid:") || line.startsWith("Groups:")) {
                String numbers = line.substring(line.indexOf(':') + 1).strip();
                Arrays.stream(numbers.split("\\s+")).filter(number -> !number.isEmpty()).map(Integer::valueOf).forEach(ids::add);
            }
        }
        return ids;
    }

    static List<Group> groups(List<String> lines) {
        // name:password:number:member,member
        return lines.stream().map(line -> line.split(":", -1)).filter(fields -> fields.length == 4 && fields[2].matches("\\d{1,9}"))
                .map(fields -> new Group(fields[0], Integer.parseInt(fields[2]), new HashSet<>(Arrays.asList(fields[3].split(","))))).toList();
    }

    /** What to do when the device does not open for want of permission. */
    String hint() {
        boolean isGroupAllowed = permissions.containsAll(Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE));
        boolean isAllowed = permissions.containsAll(Set.of(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE))
                || user.equals(owner) || isGroupAllowed && groupIds.contains(group.id());
        if (isAllowed || user.equals("root")) {
            return "its permissions allow it, so something else does not: a container has to be given the device (--device " + device
                    + "); elsewhere it is an access list, SELinux or AppArmor";
        }
        if (isGroupAllowed && group.id() != 0) {
            return join(group.name());
        }
        String missing = named(USUAL_GROUP) == null ? "groupadd --system " + USUAL_GROUP + "; " : "";
        String join = named(USUAL_GROUP) != null && groupIds.contains(named(USUAL_GROUP).id()) ? "" : "; then " + join(USUAL_GROUP);
        return "only " + owner + " may open it now, so no group helps yet; as root: " + missing + "chgrp " + USUAL_GROUP + " " + device + " && chmod 660 "
                + device + ", which a udev rule KERNEL==\"kvm\", GROUP=\"" + USUAL_GROUP + "\", MODE=\"0660\" keeps" + join;
    }

    private String join(String name) {
        Group known = named(name);
        return known != null && known.members().contains(user)
                ? "the user " + user + " is in the group " + name + ", but was not at login: log in again"
                : "add the user to the group " + name + " (usermod -aG " + name + " " + user + ") and log in again";
    }

    private Group named(String name) {
        return groups.stream().filter(known -> known.name().equals(name)).findFirst().orElse(null);
    }
}
