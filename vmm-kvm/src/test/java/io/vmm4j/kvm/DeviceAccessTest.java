package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.DeviceAccess.Group;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a user is told to whom /dev/kvm does not open: what would help there, and nothing else. */
class DeviceAccessTest {

    private static final Path DEVICE = Path.of("/dev/kvm");
    private static final Group ROOT = new Group("root", 0, Set.of());
    private static final Group KVM = new Group("kvm", 104, Set.of("bob"));
    private static final Set<Integer> NO_GROUPS = Set.of(1000);

    private static String hint(String owner, Group group, String permissions, String user, Set<Integer> groupIds, List<Group> groups) {
        return new DeviceAccess(DEVICE, owner, group, PosixFilePermissions.fromString(permissions), user, groupIds, groups).hint();
    }

    @Test
    void whereTheGroupMayTheUserIsToJoinIt() {
        assertEquals("add the user to the group kvm (usermod -aG kvm alice) and log in again",
                hint("root", KVM, "rw-rw----", "alice", NO_GROUPS, List.of(ROOT, KVM)));
        Group virt = new Group("virt", 50, Set.of());
        assertEquals("add the user to the group virt (usermod -aG virt alice) and log in again",
                hint("root", virt, "rw-rw----", "alice", NO_GROUPS, List.of(ROOT, KVM, virt)));
    }

    @Test
    void whoHasJoinedSinceTheLoginIsToLogInAgain() {
        assertEquals("the user bob is in the group kvm, but was not at login: log in again",
                hint("root", KVM, "rw-rw----", "bob", NO_GROUPS, List.of(ROOT, KVM)));
    }

    @Test
    void whereOnlyRootMayNoGroupIsAdvisedBeforeTheDeviceIsGivenToOne() {
        String rule = "as root: chgrp kvm /dev/kvm && chmod 660 /dev/kvm, which a udev rule KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\" keeps";
        assertEquals("only root may open it now, so no group helps yet; " + rule + "; then add the user to the group kvm (usermod -aG kvm alice) and log in again",
                hint("root", ROOT, "rw-------", "alice", NO_GROUPS, List.of(ROOT, KVM)));
        assertEquals("only root may open it now, so no group helps yet; " + rule, hint("root", KVM, "rw-------", "bob", Set.of(1000, 104), List.of(ROOT, KVM)),
                "who is in the group need not join it");
        assertTrue(hint("root", ROOT, "rw-rw----", "alice", NO_GROUPS, List.of(ROOT, KVM)).startsWith("only root"), "nobody is to join the group root");
        assertTrue(hint("root", ROOT, "rw-------", "alice", NO_GROUPS, List.of(ROOT)).contains("as root: groupadd --system kvm; chgrp kvm"));
    }

    @Test
    void whereThePermissionsAllowItSomethingElseIsLookedFor() {
        for (String hint : List.of(hint("root", ROOT, "rw-rw-rw-", "alice", NO_GROUPS, List.of(ROOT)),
                hint("root", KVM, "rw-rw----", "alice", Set.of(1000, 104), List.of(ROOT, KVM)),
                hint("alice", ROOT, "rw-------", "alice", NO_GROUPS, List.of(ROOT)),
                hint("root", ROOT, "rw-------", "root", Set.of(0), List.of(ROOT)))) {
            assertTrue(hint.startsWith("its permissions allow it") && hint.contains("--device /dev/kvm"), hint);
        }
    }

    @Test
    void theHostsFilesAreRead() {
        assertEquals(Set.of(1000, 4, 27), DeviceAccess.ownGroups(List.of("Uid:\t1000\t1000\t1000\t1000", "Gid:\t1000\t1000\t1000\t1000", "Groups:\t4 27 ")));
        assertEquals(Set.of(0), DeviceAccess.ownGroups(List.of("Gid:\t0\t0\t0\t0", "Groups:\t ")));
        List<Group> groups = DeviceAccess.groups(List.of("kvm:x:104:a,b", "root:x:0:", "nonsense"));
        assertEquals(List.of("kvm", "root"), groups.stream().map(Group::name).toList());
        assertEquals(Set.of("a", "b"), groups.get(0).members());
        assertTrue(DeviceAccess.of(Path.of("/dev/null")).isPresent());
    }
}
