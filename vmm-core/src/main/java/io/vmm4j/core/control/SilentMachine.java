package io.vmm4j.core.control;

import io.vmm4j.core.host.SocketFile;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.OtherProcess;
import io.vmm4j.kvm.libc.UnixSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The end of a machine whose process does not answer any more, as one that is suspended or hangs does not. */
public final class SilentMachine {

    private static final int END_MILLIS = (int) TimeUnit.SECONDS.toMillis(10);

    private SilentMachine() {
    }

    /**
     * Kills the process that listens at a machine's control socket, and removes the socket.
     *
     * @return the process's number
     * @throws IOException one line with the number where it is known, and why the process could not be killed
     */
    public static int kill(Path socket) throws IOException {
        int pid = listener(socket);
        try (OtherProcess process = OtherProcess.of(pid)) {
            // Whoever listens now has been alive since before the number was made a handle, so that is the one.
            if (listener(socket) != pid) {
                throw new IOException("another process listens there by now");
            }
            process.kill();
            if (!process.awaitEnd(END_MILLIS)) {
                throw new IOException("process " + pid + " does not end: it was sent SIGKILL, and is inside the kernel");
            }
        } catch (LinuxException e) {
            throw new IOException("process " + pid + " cannot be killed: " + e.getMessage(), e);
        }
        SocketFile.removeDead(socket);
        return pid;
    }

    private static int listener(Path path) throws IOException {
        try (UnixSocket socket = UnixSocket.open()) {
            int pid = socket.connect(path) ? socket.peerProcess() : 0;
            if (pid <= 0) {
                throw new IOException("which process listens there cannot be seen: `ss -xlp` as root shows it");
            }
            return pid;
        } catch (LinuxException e) {
            throw new IOException("which process listens there cannot be seen: " + e.getMessage(), e);
        }
    }
}
