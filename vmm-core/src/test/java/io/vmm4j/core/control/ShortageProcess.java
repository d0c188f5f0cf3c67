package io.vmm4j.core.control;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.SerialPort;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.host.SocketConsole;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.core.host.VsockSockets;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * A process with a control socket, a console's and a vsock's, that takes all descriptors it may have at each line it reads, and
 * gives them back at the next. Each time it writes a line when that is done, with the milliseconds of processor time it has had.
 */
final class ShortageProcess {

    private static final long SETTLED_NANOS = 500_000_000;

    private ShortageProcess() {
    }

    /** @param args the directory of the sockets control, console and vsock */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        EpollEventLoop loop = new EpollEventLoop("vm-events", Throwable::printStackTrace);
        VsockSockets.listen(loop, directory.resolve("vsock")).serve((port, stream) -> false);
        loop.start();
        SocketConsole console = new SocketConsole(directory.resolve("console"));
        console.attach(new Echo(console));
        ControlServer.open(directory.resolve("control"), count -> CompletableFuture.completedFuture(null));
        SocketFile<?> ending = SocketFile.listen(directory.resolve("ending"));
        loadWhatRefusesWith();
        List<FileInputStream> taken = new ArrayList<>();
        tell();
        while (System.in.read() >= 0) {
            if (taken.isEmpty()) {
                takeAll(taken);
                tryToListen(directory.resolve("late"));
                ending.close();
                takeAll(taken);
            } else {
                for (FileInputStream each : taken) {
                    each.close();
                }
                taken.clear();
            }
            tell();
        }
    }

    /** Classes come from files here, each opened by a descriptor. */
    private static void loadWhatRefusesWith() {
        try {
            Shortage.rethrow(Shortage.named(new LinuxException("open", Errno.EMFILE)));
        } catch (IOException e) {
            return;
        }
        throw new IllegalStateException("a lack of descriptors that is none");
    }

    /** Until none has come free for a while: one of a connection that has ended may be closed a moment later. */
    private static void takeAll(List<FileInputStream> taken) {
        long settled = System.nanoTime() + SETTLED_NANOS;
        while (System.nanoTime() < settled) {
            try {
                taken.add(new FileInputStream("/dev/null"));
                settled = System.nanoTime() + SETTLED_NANOS;
            } catch (IOException e) {
                LockSupport.parkNanos(1_000_000); // Too many open files, which is what was wanted.
            }
        }
    }

    private static void tryToListen(Path path) throws IOException {
        SocketFile<?> listening;
        try {
            listening = SocketFile.listen(path);
        } catch (IOException e) {
            return;
        }
        listening.close();
        throw new IllegalStateException("a socket without a descriptor");
    }

    private static void tell() {
        long nanos = 0;
        for (long id : ManagementFactory.getThreadMXBean().getAllThreadIds()) {
            nanos += Math.max(0, ManagementFactory.getThreadMXBean().getThreadCpuTime(id));
        }
        System.out.println(nanos / 1_000_000);
        System.out.flush();
    }

    /** A guest that prints what is typed. */
    private record Echo(SocketConsole console) implements SerialPort {

        @Override
        public void send(byte[] data, int offset, int length) {
            for (int i = offset; i < offset + length; i++) {
                console.output().write(data[i]);
            }
        }

        @Override
        public void outputReady() {
            // Never full here.
        }

        @Override
        public void requestStop(String why) {
            throw new IllegalStateException(why);
        }
    }
}
