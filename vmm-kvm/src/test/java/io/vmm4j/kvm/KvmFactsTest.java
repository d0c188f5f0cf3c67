package io.vmm4j.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.FileStat;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KvmFactsTest {

    private static final long MINUTE = TimeUnit.SECONDS.toNanos(60);

    private final KvmFacts facts = new KvmFacts(node(7, 0xAE8), 1_000);

    private static FileStat node(long inode, long device) {
        return new FileStat(5, inode, 0x2000 | 0660, 0, device, 0, 4096, 0);
    }

    @Test
    void eachQuestionIsAskedOnce() throws KvmException {
        AtomicInteger asked = new AtomicInteger();
        assertEquals(1, facts.extension(3, asked::incrementAndGet));
        assertEquals(1, facts.extension(3, asked::incrementAndGet), "known");
        assertEquals(2, facts.extension(4, asked::incrementAndGet), "another capability");
        assertEquals(3, facts.apiVersion(asked::incrementAndGet));
        assertEquals(3, facts.apiVersion(asked::incrementAndGet), "known");
        assertEquals(4, facts.vcpuMmapSize(asked::incrementAndGet));
        assertEquals(4, facts.vcpuMmapSize(asked::incrementAndGet), "known");
    }

    @Test
    void whatFailsIsAskedAgain() throws KvmException {
        assertThrows(KvmException.class, () -> facts.extension(3, () -> {
            throw new KvmException("ioctl(KVM_CHECK_EXTENSION)", 22);
        }));
        assertEquals(1, facts.extension(3, () -> 1));
    }

    @Test
    void aNodeMadeAnewIsAskedAnew() {
        assertTrue(facts.isFor(node(7, 0xAE8), 2_000));
        assertFalse(facts.isFor(node(8, 0xAE8), 2_000), "the module was loaded again: another inode");
        assertFalse(facts.isFor(node(7, 0xAE9), 2_000), "another device");
    }

    @Test
    void whatIsAMinuteOldIsAskedAnew() {
        assertTrue(facts.isFor(node(7, 0xAE8), 1_000 + MINUTE - 1));
        assertFalse(facts.isFor(node(7, 0xAE8), 1_000 + MINUTE));
    }

    @Test
    void machinesOfOneDeviceShareThem() {
        assertSame(KvmFacts.of(node(70, 1)), KvmFacts.of(node(70, 1)));
    }
}
