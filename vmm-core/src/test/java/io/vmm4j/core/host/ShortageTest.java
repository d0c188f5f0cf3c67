package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

/** What is not had while descriptors are lacking is tried where they are: ScarceHostTest of the integration tests. */
class ShortageTest {

    @Test
    void wantOfDescriptorsOrMemoryIsTheHosts() {
        for (int errno : new int[] {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM}) {
            LinuxException refusal = new LinuxException("open(/a)", errno);
            assertSame(refusal, assertThrows(IOException.class, () -> Shortage.rethrow(refusal)));
            assertFalse(refusal.hint().isEmpty(), "it says what is lacking");
            Exception wrapped = new Exception("image /a cannot be opened: " + refusal.getMessage(), refusal);
            assertEquals(wrapped.getMessage(), assertThrows(IOException.class, () -> Shortage.rethrow(wrapped)).getMessage());
        }
    }

    @Test
    void whatCouldNotBeLoadedForWantOfSomethingIsTheHosts() {
        Error threads = new OutOfMemoryError("unable to create native thread: possibly out of memory or process/resource limits reached");
        // As the JVM tells of a class whose initialisation failed before: the text of the error alone.
        Error lost = new NoClassDefFoundError("Could not initialize class A");
        lost.initCause(new ExceptionInInitializerError("Exception java.lang.OutOfMemoryError: " + threads.getMessage() + " [in thread \"main\"]"));
        for (Throwable failure : new Throwable[] {threads, lost, new IllegalStateException(threads)}) {
            assertTrue(Shortage.behind(failure).contains("RLIMIT_NPROC"), failure.toString());
        }
        Error library = new UnsatisfiedLinkError("/lib/libextnet.so: cannot open shared object file: Too many open files");
        assertTrue(Shortage.behind(library).contains("RLIMIT_NOFILE"));
        assertNull(Shortage.behind(new NoClassDefFoundError("A")));
        assertNull(Shortage.behind(new OutOfMemoryError("Java heap space")));
    }

    @Test
    void aFileThatIsNotAsItShouldBeIsNot() {
        assertDoesNotThrow(() -> Shortage.rethrow(new LinuxException("open(/a)", Errno.ENOENT)));
        assertDoesNotThrow(() -> Shortage.rethrow(new NoSuchFileException("/a")));
        assertDoesNotThrow(() -> Shortage.rethrow(new FileSystemException("/a", null, "Too many levels of symbolic links")));
        IOException other = new IOException("gone");
        assertSame(other, Shortage.named(other));
    }

    @Test
    void aHostWithoutThreadsIsNamedWithTheLimits() {
        Thread refused = new Thread("vcpu-7") {
            @Override
            public synchronized void start() {
                throw new OutOfMemoryError("unable to create native thread: possibly out of memory or process/resource limits reached");
            }
        };
        IOException refusal = assertThrows(IOException.class, () -> Threads.start(refused));
        assertTrue(refusal.getMessage().startsWith("the host has no thread for vcpu-7 ("), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("RLIMIT_NPROC"), refusal.getMessage());
        assertTrue(Threads.isLackOfThreads(refusal.getCause()));
        assertFalse(Threads.isLackOfThreads(new OutOfMemoryError("Java heap space")));
    }
}
