package io.vmm4j.core.boot;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalLong;

/**
 * Finds the ELF note by which a kernel says that it can be entered as the x86/HVM direct boot ABI (PVH) has it:
 * XEN_ELFNOTE_PHYS32_ENTRY, whose content is the physical address of 32-bit code.
 */
final class PvhNote {

    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    private static final byte[] OWNER = {'X', 'e', 'n', 0};
    private static final int HEADER = 12;
    private static final int ALIGNMENT = 4;

    private PvhNote() {
    }

    /**
     * Looks through a segment of notes (System V ABI, chapter 5). What is behind a note that runs over the end is not
     * looked at.
     *
     * @param notes little-endian
     * @return the entry's guest-physical address
     */
    static OptionalLong entryOf(ByteBuffer notes) {
        int at = 0;
        while (notes.limit() - at >= HEADER) {
            long nameSize = Integer.toUnsignedLong(notes.getInt(at));
            long contentSize = Integer.toUnsignedLong(notes.getInt(at + 4));
            long content = at + HEADER + aligned(nameSize);
            long next = content + aligned(contentSize);
            if (next > notes.limit()) {
                break;
            }
            if (notes.getInt(at + 8) == XEN_ELFNOTE_PHYS32_ENTRY && isOwned(notes, at + HEADER, nameSize)) {
                return address(notes, (int) content, contentSize);
            }
            at = (int) next;
        }
        return OptionalLong.empty();
    }

    private static boolean isOwned(ByteBuffer notes, int at, long nameSize) {
        byte[] name = new byte[OWNER.length];
        if (nameSize != name.length) {
            return false;
        }
        notes.get(at, name);
        return Arrays.equals(OWNER, name);
    }

    /** Of the width of the kernel's words: 32-bit code for either. */
    private static OptionalLong address(ByteBuffer notes, int at, long size) {
        if (size == Integer.BYTES) {
            return OptionalLong.of(Integer.toUnsignedLong(notes.getInt(at)));
        }
        return size == Long.BYTES ? OptionalLong.of(notes.getLong(at)) : OptionalLong.empty();
    }

    private static long aligned(long size) {
        return size + ALIGNMENT - 1 & -ALIGNMENT;
    }
}
