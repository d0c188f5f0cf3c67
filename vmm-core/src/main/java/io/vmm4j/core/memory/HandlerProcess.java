package io.vmm4j.core.memory;

import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.OtherProcess;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out whether a handler that has closed its socket serves on. */
final class HandlerProcess {

    private static final Logger LOG = LoggerFactory.getLogger(HandlerProcess.class);
    private static final String USERFAULTFD = "anon_inode:[userfaultfd]";

    private HandlerProcess() {
    }

    /**
     * The process behind {@code socket}, when it lives and has a userfaultfd, or does not let us look; else, and where it cannot be seen, {@code null}.
     * For the caller to close.
     */
    static OtherProcess serving(UnixSocket socket) {
        OtherProcess process = null;
        try {
            int pid = socket.peerProcess();
            if (pid == 0) {
                return null;
            }
            process = OtherProcess.of(pid);
            if (hasUserfault(Path.of("/proc", Integer.toString(pid), "fd")) && !process.awaitEnd(0)) {
                return process;
            }
        } catch (LinuxException e) {
            LOG.debug("the process of a memory handler cannot be looked at: {}", e.getMessage());
        }
        if (process != null) {
            process.close();
        }
        return null;
    }

    private static boolean hasUserfault(Path descriptors) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
            for (Path each : all) {
                if (isUserfault(each)) {
                    return true;
                }
            }
            return false;
        } catch (AccessDeniedException e) {
            return true;
        } catch (IOException e) {
            return false;
        } catch (DirectoryIteratorException e) {
            return e.getCause() instanceof AccessDeniedException;
        }
    }

    private static boolean isUserfault(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals(USERFAULTFD);
        } catch (NoSuchFileException e) {
            return false; // closed meanwhile
        }
    }
}
