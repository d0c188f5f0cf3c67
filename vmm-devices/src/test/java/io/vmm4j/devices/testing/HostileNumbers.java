package io.vmm4j.devices.testing;

import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.Hostile.Attack;
import io.vmm4j.devices.testing.Hostile.Outcome;
import io.vmm4j.devices.testing.Hostile.Rig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Lengths and contents that ask a device for memory: what it allocates must have a bound of its own. Each attack grows from try to
 * try, and a device is at fault when what it allocates grows along: what a JVM allocates on its own behalf comes once.
 */
final class HostileNumbers {

    private static final long FEATURES = 1L << 32;
    private static final int LARGE = 128;
    /** Where a chain lies as often as it has descriptors. */
    private static final long HEAP = 0x80000;
    private static final int HEAP_LENGTH = 0x80000;
    private static final int REQUEST = 4096;
    private static final int CONFIG_LENGTH = 64;
    /** What serving a chain may take beside a small part of its length. */
    private static final long SLACK = 256 * 1024;
    private static final int SMALL_PART = 16;

    private HostileNumbers() {
    }

    static List<Attack> attacks() {
        List<Attack> attacks = new ArrayList<>(List.of(
            lengths("readable", count -> chain(count, 0)),
            lengths("writable", count -> chain(0, count)),
            lengths("readable and writable", count -> chain(count / 2, count - count / 2)),
            new Attack("numbers: a request that says 2^24, 2^25 and 2^26 wherever it is read", Outcome.ANY, HostileNumbers::counts)));
        for (int octet : new int[] {0x7F, 0x80, 0xFF}) {
            attacks.add(new Attack("numbers: a request full of 0x" + Integer.toHexString(octet), Outcome.ANY, rig -> request(rig, octet)));
        }
        return attacks;
    }

    /** Chains of ever more megabytes, all of the same RAM. */
    private static Attack lengths(String kind, IntFunction<Buffer[]> chain) {
        return new Attack("numbers: " + kind + " chains of up to " + (LARGE * (long) HEAP_LENGTH >> 20) + " MiB", Outcome.ANY, rig -> {
            int most = rig.largestSize(LARGE);
            List<Long> allocated = new ArrayList<>();
            List<Long> allowed = new ArrayList<>();
            for (int part = 8; part > 0; part /= 2) {
                int descriptors = Math.max(1, most / part);
                SplitDriverQueue queue = start(rig, most);
                queue.add(chain.apply(descriptors));
                allocated.add(AllocationMeter.allocated(rig::kick));
                allowed.add(SLACK + (long) descriptors * HEAP_LENGTH / SMALL_PART);
                rig.driver().reset();
            }
            judge(allocated, allowed, "chains of ever more bytes");
        });
    }

    private static Buffer[] chain(int readable, int writable) {
        Buffer[] buffers = new Buffer[readable + writable];
        Arrays.setAll(buffers, i -> new Buffer(HEAP, HEAP_LENGTH, i >= readable));
        return buffers;
    }

    private static void counts(Rig rig) {
        List<Long> allocated = new ArrayList<>();
        List<Long> allowed = new ArrayList<>();
        for (int octet : new int[] {1, 1, 2, 4}) {
            allocated.add(AllocationMeter.allocated(() -> request(rig, octet)));
            // The driver's side of this allocates too, but not in proportion.
            allowed.add(4 * SLACK);
            rig.driver().reset();
        }
        judge(allocated, allowed, "requests with ever larger numbers");
    }

    /** A request, and a configuration, of nothing but {@code octet}. */
    private static void request(Rig rig, int octet) {
        byte[] content = new byte[REQUEST];
        Arrays.fill(content, (byte) octet);
        GuestRam.put(rig.memory(), Hostile.BUFFER, content);
        int size = rig.largestSize(Hostile.SIZE);
        SplitDriverQueue queue = start(rig, size);
        for (int offset = 0; offset < CONFIG_LENGTH; offset += Integer.BYTES) {
            rig.driver().writeConfig(offset, Integer.BYTES, octet * 0x0101_0101L);
        }
        if (size >= 2) {
            queue.add(Buffer.readable(Hostile.BUFFER, REQUEST), Buffer.writable(Hostile.BUFFER + REQUEST, REQUEST));
        } else {
            queue.add(Buffer.readable(Hostile.BUFFER, REQUEST));
        }
        rig.kick();
    }

    private static SplitDriverQueue start(Rig rig, int size) {
        SplitDriverQueue queue = DriverQueue.split(rig.memory(), Hostile.QUEUE, size, FEATURES);
        rig.start(FEATURES, queue.addresses());
        return queue;
    }

    /** At fault is who is above what is allowed in two tries, the last among them. */
    private static void judge(List<Long> allocated, List<Long> allowed, String of) {
        int over = 0;
        for (int i = 0; i < allocated.size(); i++) {
            over += allocated.get(i) > allowed.get(i) ? 1 : 0;
        }
        int last = allocated.size() - 1;
        if (allocated.get(last) > allowed.get(last) && over > Math.min(1, last)) {
            throw new AssertionError("the device allocates in proportion to what the guest says: " + allocated + " bytes for " + of
                    + ", where " + allowed + " are plenty");
        }
    }
}
