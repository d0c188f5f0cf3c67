package io.vmm4j.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Other programs of a test. */
final class Processes {

    private static final long PATIENCE_NANOS = Duration.ofMinutes(2).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(10).toNanos();

    private Processes() {
    }

    /** Kills a program that is not this one's child, and waits until it has ended; whether anybody has taken note of that, who knows. */
    static void kill(ProcessHandle process) throws IOException {
        process.destroyForcibly();
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!hasEnded(process.pid())) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("process " + process.pid() + " has not ended");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** ProcessHandle takes one that has ended for alive until its parent has asked: an emulated machine's first process may never do so. */
    private static boolean hasEnded(long pid) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return "ZX".indexOf(stat.charAt(stat.lastIndexOf(')') + 2)) >= 0;
        } catch (NoSuchFileException e) {
            return true;
        } catch (IOException e) {
            if (Files.exists(Path.of("/proc/" + pid))) {
                throw e;
            }
            return true; // it went in between
        }
    }
}
