package io.vmm4j.core.named;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.vmm4j.core.control.ControlServer;
import io.vmm4j.core.control.ControlTarget;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.host.SocketFile;
import io.vmm4j.kvm.libc.ProcessCalls;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListedMachineTest {

    private static final MachineInfo INFO = new MachineInfo("web", 4711, "paused", 1, 1, 128, 5, null, null, false, null);

    @TempDir
    private Path root;

    private RuntimeDirectory directory() throws IOException {
        Path xdg = Files.createDirectories(root.resolve("xdg"));
        return RuntimeDirectory.of(root, xdg.toString(), ProcessCalls.geteuid());
    }

    private static ControlTarget target() {
        return new ControlTarget() {
            @Override
            public CompletableFuture<Void> resizeVcpus(int count) {
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public MachineInfo info() {
                return INFO;
            }
        };
    }

    @Test
    void nobodyIsThereWhereThereIsNoDirectory() throws Exception {
        assertEquals(List.of(), ListedMachine.in(directory(), Duration.ofSeconds(20)));
    }

    @Test
    void oneIsThereOneIsGoneAndOneSaysNothing() throws Exception {
        RuntimeDirectory directory = directory();
        directory.make();
        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(directory.control("killed"))).close();
        try (ControlServer web = ControlServer.open(directory.control("web"), target());
                SocketFile<ServerSocketChannel> stuck = SocketFile.listen(directory.control("stuck"))) {
            assertEquals(List.of(new ListedMachine("killed", "gone", null, 0), new ListedMachine("stuck", "silent", null, ProcessHandle.current().pid()),
                    new ListedMachine("web", "paused", INFO, INFO.pid())), ListedMachine.in(directory, Duration.ofSeconds(2)));
            assertFalse(Files.exists(directory.control("killed")));
            assertEquals(List.of("stuck", "web"), directory.names());
        }
    }
}
