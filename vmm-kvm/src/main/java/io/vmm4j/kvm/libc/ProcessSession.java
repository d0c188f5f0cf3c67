package io.vmm4j.kvm.libc;

import java.nio.file.Path;

/** Takes this process out of its terminal's hands, as a program does that goes on in the background. */
public final class ProcessSession {

    private static final Path NOWHERE = Path.of("/dev/null");

    private ProcessSession() {
    }

    /**
     * Makes this process the leader of a new session, setsid(2): no terminal's keys and no terminal's end reach it any more.
     *
     * @throws LinuxException EPERM when it leads a process group, as one that a shell starts does
     */
    public static void begin() throws LinuxException {
        if (ProcessCalls.setsid() < 0) {
            throw new LinuxException("setsid", LibC.errno());
        }
    }

    /**
     * Has descriptor {@code number}, one of the first three, lead nowhere, dup3(2): what is read there is at its end, and what is
     * written there is gone.
     */
    public static void closeStandard(int number) throws LinuxException {
        try (Fd nowhere = Fd.open(NOWHERE, Fd.O_RDWR)) {
            if (ProcessCalls.dup3(nowhere.value(), number, 0) < 0) {
                throw new LinuxException("dup3", LibC.errno());
            }
        }
    }
}
