package io.vmm4j.core.share;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ShareConfig;
import io.vmm4j.devices.testing.VirtioRig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two guests and a program of the host's that make, rename and remove in one folder at a time, each guest with few descriptors. */
final class ShareNeighboursTest {

    private static final int ROUNDS = 6000;
    private static final int FEW = 14;
    private static final String SECRET = "not for guests";
    /** EPERM, ENOENT, EBUSY, EEXIST, ENOTDIR, EISDIR, EINVAL, ENOTEMPTY, ELOOP, ESTALE. */
    private static final Set<Integer> EXPECTED = Set.of(1, 2, 16, 17, 20, 21, 22, 39, 40, 116);

    @TempDir
    private Path around;
    private Path shared;
    private Path outside;

    @Test
    void nobodyGetsOutOrIsToldOfAnotherFileAndAllComesBack() throws Exception {
        long seed = VirtioRig.seed("ShareNeighboursTest");
        shared = Files.createDirectory(around.resolve("shared"));
        outside = Files.createDirectory(around.resolve("outside"));
        for (int i = 0; i < 3; i++) {
            Files.writeString(outside.resolve("f" + i), SECRET);
        }
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(3);
        Future<?> neighbour = threads.submit(() -> disturb(new Random(seed), isOver));
        List<Future<?>> guests = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            Random random = new Random(seed + i);
            guests.add(threads.submit(() -> {
                work(random);
                return null;
            }));
        }
        try {
            for (Future<?> guest : guests) {
                guest.get();
            }
        } finally {
            isOver.set(true);
            neighbour.get();
            threads.shutdown();
        }
        for (int i = 0; i < 3; i++) {
            assertEquals(SECRET, Files.readString(outside.resolve("f" + i)));
        }
        try (var all = Files.list(outside)) {
            assertEquals(3, all.count());
        }
    }

    private static String path(Random random) {
        String dir = "d" + random.nextInt(3);
        return switch (random.nextInt(3)) {
            case 0 -> dir;
            case 1 -> dir + "/d" + random.nextInt(2);
            default -> dir + "/f" + random.nextInt(3);
        };
    }

    /** Renames, and puts links to the outside where directories were. */
    private void disturb(Random random, AtomicBoolean isOver) {
        while (!isOver.get()) {
            // Names at the top only, as this one does follow links on the way.
            Path one = shared.resolve((random.nextBoolean() ? "d" : "f") + random.nextInt(3));
            Path other = shared.resolve((random.nextBoolean() ? "d" : "f") + random.nextInt(3));
            try {
                switch (random.nextInt(4)) {
                    case 0 -> Files.createSymbolicLink(one, outside);
                    case 1 -> Files.deleteIfExists(Files.isSymbolicLink(one) ? one : shared.resolve("d2"));
                    default -> Files.move(one, other, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                continue; // as it was not there, or something else was
            }
        }
    }

    private void work(Random random) throws IOException {
        ShareServer server = new ShareServer(ShareConfig.of(shared.toString(), "t"), new Descriptors(FEW));
        int done = 0;
        try (FuseGuest guest = new FuseGuest(server)) {
            long[] known = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
            for (int i = 0; i < ROUNDS; i++) {
                try {
                    step(guest, random, known);
                    done++;
                } catch (FuseGuest.Refused e) {
                    assertTrue(EXPECTED.contains(e.errno), "errno " + e.errno);
                }
                assertTrue(server.descriptors() <= FEW);
            }
            guest.rig.driver().reset();
            guest.rig.loop().run();
            assertEquals(1, server.descriptors());
        }
        assertEquals(0, server.descriptors());
        assertTrue(done > 0);
    }

    private static void step(FuseGuest guest, Random random, long[] known) throws FuseGuest.Refused {
        int at = random.nextInt(known.length);
        long parent = known[random.nextInt(known.length)];
        String name = (random.nextBoolean() ? "d" : "f") + random.nextInt(3);
        switch (random.nextInt(10)) {
            case 0, 1 -> known[at] = guest.lookup(parent, name).node();
            case 2 -> known[at] = guest.walk(path(random)).node();
            case 3 -> known[at] = guest.mkdir(parent, name, 0755).node();
            case 4 -> use(guest, guest.create(parent, name, 2, 0644), true);
            case 5 -> guest.rename(parent, name, known[random.nextInt(known.length)], "d" + random.nextInt(3), random.nextInt(3));
            case 6 -> guest.unlink(parent, name);
            case 7 -> guest.rmdir(parent, name);
            case 8 -> guest.list(parent, true);
            default -> use(guest, guest.open(known[at], 0), false);
        }
    }

    private static void use(FuseGuest guest, long handle, boolean writes) throws FuseGuest.Refused {
        byte[] content = guest.read(handle, 0, 100);
        assertTrue(content.length == 0 || content[0] == 'g', () -> new String(content, StandardCharsets.UTF_8));
        if (writes) {
            guest.write(handle, 0, "guest".getBytes(StandardCharsets.UTF_8));
        }
        guest.release(handle);
    }
}
