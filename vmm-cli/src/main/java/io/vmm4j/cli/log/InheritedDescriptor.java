package io.vmm4j.cli.log;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.FileStat;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A descriptor that who started this process has left open: standard error, or {@code 3>file} of a shell.
 *
 * @param number     its number
 * @param isWritable whether it is open for writing
 */
record InheritedDescriptor(int number, boolean isWritable) {

    private static final Path OWN = Path.of("/proc/self/fd");
    private static final int F_GETFD = 1;
    private static final int F_GETFL = 3;
    private static final int FD_CLOEXEC = 1;
    private static final int O_ACCMODE = 3;
    /** As many as the kernel follows. */
    private static final int MAX_LINKS = 40;

    /**
     * The inherited descriptors of the file at {@code path}, the one that the path names first, by {@code /dev/stderr},
     * {@code /dev/fd/3} or the like; empty when there is no such file.
     */
    static List<InheritedDescriptor> of(Path path) {
        FileStat file;
        try (Fd name = Fd.open(path, Fd.O_PATH)) {
            file = name.stat();
        } catch (LinuxException e) {
            return List.of();
        }
        int named = numberIn(path);
        List<InheritedDescriptor> found = new ArrayList<>();
        for (int number : numbers()) {
            InheritedDescriptor descriptor = inherited(number, file);
            if (descriptor != null) {
                found.add(number == named ? 0 : found.size(), descriptor);
            }
        }
        return found;
    }

    private static List<Integer> numbers() {
        List<Integer> numbers = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(OWN)) {
            entries.forEach(entry -> numbers.add(Integer.valueOf(entry.getFileName().toString())));
        } catch (IOException e) {
            // Without /proc there are no paths of descriptors either.
            return List.of(0, 1, 2);
        }
        return numbers;
    }

    /** The descriptor where it is one of {@code file}; those that Java opens itself are closed on exec. */
    private static InheritedDescriptor inherited(int number, FileStat file) {
        int flags = LibC.fcntl(number, F_GETFD, 0);
        if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
            return null;
        }
        try (Fd copy = Fd.duplicate(number)) {
            boolean isWritable = (LibC.fcntl(number, F_GETFL, 0) & O_ACCMODE) != Fd.O_RDONLY;
            return copy.stat().isSameFile(file) ? new InheritedDescriptor(number, isWritable) : null;
        } catch (LinuxException e) {
            // Closed meanwhile, or no descriptor left to look with.
            return null;
        }
    }

    /** The number in a path that leads to an entry of /proc/self/fd by links, or -1. */
    static int numberIn(Path path) {
        Path at = path.toAbsolutePath();
        for (int links = 0; links < MAX_LINKS; links++) {
            String name = String.valueOf(at.getFileName());
            if (name.matches("\\d{1,9}") && isSame(at.getParent(), OWN)) {
                return Integer.parseInt(name);
            }
            if (!Files.isSymbolicLink(at)) {
                return -1;
            }
            try {
                at = at.resolveSibling(Files.readSymbolicLink(at));
            } catch (IOException e) {
                return -1;
            }
        }
        return -1;
    }

    private static boolean isSame(Path directory, Path other) {
        try {
            return directory != null && directory.toRealPath().equals(other.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }
}
