package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.KvmCoalescedMmioRing;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * User space's side of the ring of coalesced writes. KVM has one ring a VM, whose page is mapped with every vCPU, so one
 * lock a VM makes the consumer single. The lock is held while the handler runs: writes arrive in the order the guest
 * made them.
 */
final class CoalescedRing {
    private final ReentrantLock lock = new ReentrantLock();
    private volatile boolean enabled;

    /** Called once a zone exists; before, {@link #isEnabled} spares each exit the look at the ring. */
    void enable() {
        enabled = true;
    }

    boolean isEnabled() {
        return enabled;
    }

    /**
     * Delivers what is queued.
     *
     * @param ring the ring's page in the caller's vCPU mapping
     * @return how many writes there were
     */
    int drain(ByteBuffer ring, VcpuExitHandler handler) {
        // Held by the caller already: the handler itself asked, in the middle of a delivery.
        if (isEmpty(ring) || lock.isHeldByCurrentThread()) {
            return 0;
        }
        lock.lock();
        try {
            int delivered = 0;
            int first = ring.getInt(KvmCoalescedMmioRing.FIRST);
            // Bounded: a guest that goes on writing on another vCPU must not keep this one here.
            while (delivered < KvmCoalescedMmioRing.MAX_ENTRIES && first != lastAcquire(ring)) {
                deliver(ring, KvmCoalescedMmioRing.COALESCED_MMIO + first * KvmCoalescedMmioRing.ENTRY_SIZE, handler);
                first = (first + 1) % KvmCoalescedMmioRing.MAX_ENTRIES;
                firstRelease(ring, first);
                delivered++;
            }
            return delivered;
        } finally {
            lock.unlock();
        }
    }

    private static void deliver(ByteBuffer ring, int entry, VcpuExitHandler handler) {
        long address = ring.getLong(entry + KvmCoalescedMmioRing.ENTRY_PHYS_ADDR);
        int length = ring.getInt(entry + KvmCoalescedMmioRing.ENTRY_LEN);
        int data = entry + KvmCoalescedMmioRing.ENTRY_DATA;
        if (ring.getInt(entry + KvmCoalescedMmioRing.ENTRY_PIO) == 1) {
            handler.ioOut((int) address, length, Elements.get(ring, data, length));
        } else {
            Elements.mmioWrite(ring, data, address, length, handler);
        }
    }

    /** Pairs with KVM's store of {@code last} after it filled the entry. */
    private static int lastAcquire(ByteBuffer ring) {
        int last = ring.getInt(KvmCoalescedMmioRing.LAST);
        VarHandle.acquireFence();
        return last;
    }

    /** Pairs with KVM's look at {@code first} before it fills an entry anew. */
    private static void firstRelease(ByteBuffer ring, int first) {
        VarHandle.releaseFence();
        ring.putInt(KvmCoalescedMmioRing.FIRST, first);
    }

    private static boolean isEmpty(ByteBuffer ring) {
        return ring.getInt(KvmCoalescedMmioRing.FIRST) == lastAcquire(ring);
    }
}
