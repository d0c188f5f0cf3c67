package io.vmm4j.core.block;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import org.junit.jupiter.api.Test;

/** A kernel that tells once that writes were lost. */
final class SyncsTest {

    private final Syncs syncs = new Syncs("disk.img");

    @Test
    void whatFailedOnceFailsEverAfterWhateverTheKernelSays() {
        assertDoesNotThrow(() -> syncs.run(() -> { }));
        assertThrows(LinuxException.class, () -> syncs.run(() -> {
            throw new LinuxException("fdatasync", Errno.EIO);
        }));
        LinuxException later = assertThrows(LinuxException.class, () -> syncs.run(() -> { }));
        assertEquals(Errno.EIO, later.errno());
        assertThrows(LinuxException.class, syncs::check);
    }

    @Test
    void oneThatEndsWellWhileAnotherHearsOfALossHasFailedToo() {
        assertThrows(LinuxException.class, () -> syncs.run(() -> syncs.failed(new LinuxException("fdatasync", Errno.ENOSPC))));
    }
}
