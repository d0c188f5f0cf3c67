package io.vmm4j.it;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmBuilder;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.config.VmConfigJson;
import io.vmm4j.core.host.StreamConsole;
import io.vmm4j.devices.virtio.rng.VirtioRng;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/**
 * A process that has 0, 1, 2 and more of something left and builds a machine each time, until that works. Prints a line for
 * each try, one that begins with WRONG where the refusal is no refusal of the host's, or something stays behind.
 */
final class ScarceHost {

    private static final int WELL = 3;
    private static final int ENOUGH = 200;
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    /** What there is too little of. */
    private interface Resource {
        /** Takes one more; false when there is none. */
        boolean take();

        /** Gives one back. */
        void release();

        /** What a refusal names. */
        String word();

        /** How many only a machine's end takes: there before it runs. */
        default int forTheEnd() {
            return 0;
        }
    }

    private static final class Descriptors implements Resource {
        private final Deque<FileInputStream> held = new ArrayDeque<>();

        @Override
        public boolean take() {
            try {
                held.push(new FileInputStream("/dev/null"));
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public void release() {
            try {
                held.pop().close();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public String word() {
            return "file descriptors";
        }
    }

    private static final class Threads implements Resource {
        private final Deque<Idle> held = new ArrayDeque<>();

        private static final class Idle extends Thread {
            private final CountDownLatch end = new CountDownLatch(1);

            @Override
            public void run() {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        @Override
        public boolean take() {
            Idle idle = new Idle();
            try {
                idle.start();
            } catch (OutOfMemoryError e) {
                return false;
            }
            held.push(idle);
            return true;
        }

        @Override
        public void release() {
            Idle idle = held.pop();
            idle.end.countDown();
            try {
                idle.join();
                awaitGone();
            } catch (InterruptedException | IOException e) {
                throw new IllegalStateException(e);
            }
        }

        /** The kernel counts a thread until it is gone, which is a little after its end. */
        private void awaitGone() throws IOException {
            for (int before = tasks(), same = 0; same < 100; same++) {
                int now = tasks();
                same = now == before ? same : 0;
                before = now;
            }
        }

        private static int tasks() {
            return new File("/proc/self/task").list().length;
        }

        @Override
        public String word() {
            return "thread";
        }

        @Override
        public int forTheEnd() {
            return 3;
        }
    }

    private ScarceHost() {
    }

    /**
     * @param args {@code files} or {@code threads}, and configuration files; or {@code first}, how many descriptors the first
     *     machine of all has, and one configuration file
     */
    public static void main(String[] args) throws Exception {
        loadClasses();
        if (args[0].equals("first")) {
            first(Integer.parseInt(args[1]), VmConfigJson.read(Path.of(args[2])));
            System.exit(0);
        }
        Resource resource = args[0].equals("files") ? new Descriptors() : new Threads();
        for (String file : List.of(args).subList(1, args.length)) {
            VmConfig config = VmConfigJson.read(Path.of(file));
            run(config, () -> { }); // what is loaded with the first machine is not what this is about
            tryAll(file.substring(file.lastIndexOf('/') + 1), config, resource);
        }
        System.exit(0);
    }

    /** A class that cannot be loaded for want of a descriptor is lost for good: all are there before. */
    private static void loadClasses() throws Exception {
        for (String entry : System.getProperty("java.class.path").split(":")) {
            Path path = Path.of(entry);
            if (Files.isDirectory(path) && Files.isDirectory(path.resolve("io/vmm4j"))) {
                load(path);
            } else if (path.getFileName().toString().startsWith("vmm-")) {
                try (FileSystem jar = FileSystems.newFileSystem(path)) {
                    load(jar.getPath("/"));
                }
            }
        }
    }

    private static void load(Path root) throws Exception {
        List<String> names;
        try (Stream<Path> files = Files.walk(root)) {
            names = files.map(file -> root.relativize(file).toString()).filter(name -> name.matches("io/vmm4j/(core|kvm|devices|it)/.*[.]class")).toList();
        }
        for (String name : names) {
            try {
                Class.forName(name.substring(0, name.length() - ".class".length()).replace('/', '.'), false, ScarceHost.class.getClassLoader());
            } catch (LinkageError e) {
                continue; // a test's, of something that is not here
            }
        }
    }

    private static void run(VmConfig config, Runnable beforeRun) throws Exception {
        try (Vm vm = build(config)) {
            beforeRun.run();
            vm.start();
            VmExitReason reason = vm.await(Duration.ofSeconds(30)).orElseThrow().reason();
            if (reason != VmExitReason.RESET) {
                throw new AssertionError(reason);
            }
        }
    }

    private static Vm build(VmConfig config) throws Exception {
        VmBuilder builder = VmBuilder.fromConfig(config).device("own", loop -> {
            loop.timer(() -> { });
            return new VirtioRng(loop, target -> target.position(target.limit()));
        });
        if (config.console() == null) {
            builder.virtioConsole(new StreamConsole(java.io.InputStream.nullInputStream(), java.io.OutputStream.nullOutputStream()));
        }
        return builder.build();
    }

    /** The first machine meets the shortage, and the second none. */
    private static void first(int left, VmConfig config) {
        Resource files = new Descriptors();
        int held = 0;
        while (files.take()) {
            held++;
        }
        release(files, left);
        VmBuilder builder = VmBuilder.fromConfig(config);
        try {
            builder.build().close();
            System.out.println("WRONG: built with " + left);
        } catch (Exception | LinkageError e) {
            System.out.println((e instanceof IOException && e.getMessage().contains(files.word()) ? "" : "WRONG: ") + e);
        }
        release(files, held - left);
        String second = attempt(config, files);
        System.out.println((second.equals("built") ? "" : "WRONG: ") + "second: " + second);
    }

    private static void tryAll(String name, VmConfig config, Resource resource) {
        int held = 0;
        while (resource.take()) {
            held++;
        }
        int well = 0;
        int left = 0;
        for (; well < WELL && left < ENOUGH; left++) {
            String outcome = attempt(config, resource);
            well = outcome.equals("built") ? well + 1 : 0;
            int found = leftOver(resource, left);
            System.out.println((found < left ? "WRONG: " + (left - found) + " lost: " : "") + name + " with " + left + " left: " + outcome);
            resource.release();
            held--;
        }
        if (well < WELL) {
            System.out.println("WRONG: " + name + " is not built with " + left);
        }
        release(resource, held);
    }

    /** What is given back may take the kernel a moment. */
    private static int leftOver(Resource resource, int expected) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        int found = leftNow(resource);
        while (found < expected && System.nanoTime() < end) {
            Thread.onSpinWait();
            found = leftNow(resource);
        }
        return found;
    }

    private static int leftNow(Resource resource) {
        int found = 0;
        while (resource.take()) {
            found++;
        }
        release(resource, found);
        return found;
    }

    private static void release(Resource resource, int count) {
        for (int i = 0; i < count; i++) {
            resource.release();
        }
    }

    private static String attempt(VmConfig config, Resource resource) {
        try {
            run(config, () -> release(resource, resource.forTheEnd()));
            for (int i = 0; i < resource.forTheEnd(); i++) {
                resource.take();
            }
            return "built";
        } catch (IOException e) {
            return (String.valueOf(e.getMessage()).contains(resource.word()) ? "" : "WRONG: ") + e;
        } catch (Throwable e) {
            StringBuilder where = new StringBuilder();
            for (StackTraceElement frame : e.getStackTrace()) {
                where.append(" < ").append(frame.getClassName().replaceFirst(".*[.]", "")).append('.').append(frame.getMethodName());
                if (where.length() > 400) {
                    break;
                }
            }
            return "WRONG: " + e + where;
        }
    }
}
