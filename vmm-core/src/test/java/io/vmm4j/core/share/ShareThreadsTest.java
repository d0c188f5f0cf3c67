package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.VirtioRig;
import io.vmm4j.devices.virtio.fs.FileServer;
import io.vmm4j.devices.virtio.fs.FsException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several queues of a hostile guest at once: numbers are used while others take them away, and folders come and go. */
final class ShareThreadsTest {

    private static final int THREADS = 4;
    private static final int ROUNDS = 4000;
    private static final FileServer.Caller CALLER = new FileServer.Caller(0, 0, 1);

    @TempDir
    private Path directory;

    @Test
    void whatOthersTakeAwayMeanwhileIsNeverAnotherFileAndAllComesBack() throws Exception {
        long seed = VirtioRig.seed("ShareThreadsTest");
        Path shared = Files.createDirectory(directory.resolve("shared"));
        Path other = Files.createDirectory(directory.resolve("other"));
        for (int i = 0; i < 5; i++) {
            Files.writeString(shared.resolve("f" + i), "content-" + i);
        }
        ShareServer server = new ShareServer(ShareConfig.of(null, "t"));
        server.mount(shared, "/a", false);
        ExecutorService queues = Executors.newFixedThreadPool(THREADS);
        List<Future<?>> work = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Random random = new Random(seed + i);
            work.add(queues.submit(() -> hammer(server, random)));
        }
        for (int i = 0; i < 50; i++) {
            server.mount(other, "/b", i % 2 == 0);
            server.unmount("/b");
        }
        for (Future<?> each : work) {
            each.get();
        }
        queues.shutdown();
        server.endSession();
        assertEquals(1, server.descriptors());
        server.close();
        assertEquals(0, server.descriptors());
    }

    private static Void hammer(ShareServer server, Random random) {
        long[] nodes = new long[8];
        long[] handles = new long[8];
        for (int i = 0; i < ROUNDS; i++) {
            try {
                step(server, random, nodes, handles);
            } catch (FsException e) {
                continue; // others have taken it away
            }
        }
        return null;
    }

    private static void step(ShareServer server, Random random, long[] nodes, long[] handles) throws FsException {
        int at = random.nextInt(8);
        long folder = server.lookup(1, new byte[] {'a'}).node();
        int number = random.nextInt(5);
        byte[] name = {'f', (byte) ('0' + number)};
        switch (random.nextInt(7)) {
            case 0, 1 -> nodes[at] = server.lookup(folder, name).node();
            case 2 -> server.forget(2 + random.nextInt(20), 1 + random.nextInt(3));
            case 3 -> handles[at] = server.open(nodes[at], 0).handle();
            case 4 -> server.release(random.nextInt(200));
            case 5 -> server.release(server.create(CALLER, folder, new byte[] {'n', (byte) ('0' + at)}, 0600, 2).opened().handle());
            default -> {
                byte[] content = new byte[20];
                ByteBuffer view = ByteBuffer.allocateDirect(20);
                long length = server.read(handles[at], 0, new ByteBuffer[] {view}, 1);
                view.get(0, content);
                String text = new String(content, 0, (int) length, StandardCharsets.US_ASCII);
                assertTrue(text.isEmpty() || text.startsWith("content-"), text);
            }
        }
    }
}
