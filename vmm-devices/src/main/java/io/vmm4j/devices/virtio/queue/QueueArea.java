package io.vmm4j.devices.virtio.queue;

import io.vmm4j.devices.memory.GuestMemory;

/** What holds for each part of a queue: aligned, and RAM from end to end. */
final class QueueArea {

    private QueueArea() {
    }

    static void check(GuestMemory memory, String name, long gpa, long length, int alignment) throws VirtQueueException {
        if ((gpa & alignment - 1) != 0) {
            throw new VirtQueueException(name + " at 0x" + Long.toHexString(gpa) + " is not aligned to " + alignment);
        }
        if (!memory.contains(gpa, length)) {
            throw new VirtQueueException(name + " of " + length + " bytes at 0x" + Long.toHexString(gpa) + " is not in guest RAM");
        }
    }
}
