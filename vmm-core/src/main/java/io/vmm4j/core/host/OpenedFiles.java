package io.vmm4j.core.host;

import io.vmm4j.core.vhostuser.BackEndPort;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.UnixSocket;
import java.nio.file.Path;
import java.util.Map;

/**
 * What a front door has opened of a machine's configuration before the machine is built, so that it is what was there
 * then: a file that takes another's place meanwhile is of no consequence. What is not here is opened by its name.
 *
 * <p>Images are used as they are: the end of one that is no whole sector is not seen, and one that another drive of the same
 * machine is on too is not locked a second time. Files stay the front door's to close; taps, the socket and back ends are the machine's
 * from the call of {@code build()} on, also when that fails.
 *
 * @param kernel the kernel image, or {@code null}
 * @param initrd the initial RAM disk, or {@code null}
 * @param drives images, by drive id
 * @param taps   tap interfaces of one queue, by interface id
 * @param vsock  the socket of the vsock device, or {@code null}
 * @param backEnds vhost-user back ends that are connected, by drive id
 */
public record OpenedFiles(Fd kernel, Fd initrd, Map<String, Fd> drives, Map<String, TapInterface> taps, SocketFile<UnixSocket> vsock,
        Map<String, BackEndPort> backEnds) {

    public OpenedFiles {
        backEnds = Map.copyOf(backEnds);
        drives = Map.copyOf(drives);
        taps = Map.copyOf(taps);
    }

    /** No back ends. */
    public OpenedFiles(Fd kernel, Fd initrd, Map<String, Fd> drives, Map<String, TapInterface> taps, SocketFile<UnixSocket> vsock) {
        this(kernel, initrd, drives, taps, vsock, Map.of());
    }

    /** Nothing. */
    public static OpenedFiles none() {
        return new OpenedFiles(null, null, Map.of(), Map.of(), null);
    }

    /** Where to open {@code file} again: by the descriptor, or by {@code name} when there is none. */
    public static Path at(Fd file, Path name) {
        return file == null ? name : Path.of("/proc/self/fd", Integer.toString(file.value()));
    }
}
