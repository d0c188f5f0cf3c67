package io.vmm4j.core.rootfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.image.Busybox;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script and the launcher as the guest's initramfs has them, in a directory of the host's that is the root of what runs there. */
class ContainerRunTest {

    @TempDir
    Path root;

    @BeforeEach
    void setUp() throws Exception {
        Optional<Path> busybox = Busybox.find(Path.of("/"), null);
        assumeTrue(ProcessCalls.geteuid() == 0 && busybox.isPresent(), "root's, who may chroot, with a static busybox");
        for (String directory : List.of("bin", "dev", "vmm", "sysroot/opt/bin", "sysroot/srv/here", "sysroot/opt/bin/dir")) {
            Files.createDirectories(root.resolve(directory));
        }
        Files.copy(busybox.get(), root.resolve("bin/busybox"));
        Files.copy(busybox.get(), root.resolve("sysroot/opt/bin/busybox"));
        Files.createSymbolicLink(root.resolve("bin/chmod"), Path.of("busybox"));
        Files.createSymbolicLink(root.resolve("sysroot/opt/bin/sh"), Path.of("/opt/bin/busybox"));
        Files.writeString(root.resolve("sysroot/opt/bin/data"), "no program");
    }

    private String run(String... words) throws Exception {
        Container container = new Container(List.of(), List.of(), List.of("PATH=:/nowhere:/opt/bin", "WHO=it's $me"), "/srv/here", 1000, 1001, List.of(27L, 28L));
        Files.writeString(root.resolve("vmm/command"), ContainerRun.script(container, List.of(words)));
        Process process = new ProcessBuilder("chroot", root.toString(), "/bin/busybox", "sh", "/vmm/command").redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return said + process.waitFor();
    }

    @Test
    void aProgramHasItsUserGroupsDirectoryEnvironmentArgumentsAndStatus() throws Exception {
        assertEquals("1000:1001 1001 27 28 /srv/here it's $me -a b '*'\n7",
                run("sh", "-c", "echo \"$(busybox id -u):$(busybox id -g) $(busybox id -G) $PWD $WHO\" \"$@\"; exit 7", "sh", "-a", "b", "'*'"));
        assertEquals("PATH=:/nowhere:/opt/bin\nWHO=it's $me\n0", run("busybox", "env").replaceFirst("(?m)^TERM=.*\n", ""));
    }

    @Test
    void aProgramThatIsNotThereOrCannotRunHasTheStatusOfAShell() throws Exception {
        String none = ": there is no such program in the image, or its interpreter is not there\n127";
        for (String name : List.of("none", "/none", "./none")) {
            assertEquals(name + none, run(name, "x"));
        }
        assertEquals("data: the program cannot be executed by user 1000\n126", run("data"));
        Files.setPosixFilePermissions(root.resolve("sysroot/opt/bin/data"), PosixFilePermissions.fromString("rwxr-xr-x"));
        assertEquals("data: the program cannot be executed by user 1000\n126", run("data"), "no format that is known");
        Files.delete(root.resolve("sysroot/srv/here"));
        assertEquals("/srv/here: the working directory cannot be entered\n126", run("sh"));
    }

    @Test
    void linksAreFollowedInTheImageAlone() throws Exception {
        Files.createSymbolicLink(root.resolve("sysroot/absolute"), Path.of("/opt/bin"));
        assertEquals("in\n0", run("/absolute/sh", "-c", "echo in"), "where there is no /opt/bin but the image's");
    }
}
