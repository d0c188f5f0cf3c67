package io.vmm4j.core.snapshot.file;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What the state says of a memory file.
 *
 * @param layout  of the RAM; the file is exactly as long
 * @param pages   of a diff, those in it, also the ones that are all zeros; null of a full one
 * @param used    how many pages are not all zeros
 * @param sums    for each {@value #CHUNK} bytes of the file the CRC-32C over the pages in them that are not all zeros: the number of each
 *                in its chunk as a little-endian u32, then its bytes. So it does not matter whether zeros are a hole of the file.
 * @param samples the first used pages of up to {@value #MAX_SAMPLES} chunks: what is looked at on opening
 */
record MemoryTable(MemoryLayout layout, PageSet pages, long used, int[] sums, List<Sample> samples) {

    /** Bytes that one checksum is for. */
    static final int CHUNK = 2 << 20;
    static final int MAX_SAMPLES = 8;

    /**
     * One page.
     *
     * @param page its number
     * @param sum  the CRC-32C of its bytes
     */
    record Sample(long page, int sum) {
    }

    static int chunks(MemoryLayout layout) {
        return (int) (layout.size() + CHUNK - 1 >>> 21);
    }

    State save() {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(sums);
        State.Builder state = State.builder().put("regions", layout.save()).put("used", used).put("sums", bytes.array()).put("samples",
                samples.stream().map(each -> State.builder().put("page", each.page).put("sum", each.sum & 0xFFFF_FFFFL).build()).toList());
        return (pages == null ? state : state.put("pages", pages.toBytes())).build();
    }

    static MemoryTable restore(State state, boolean isDiff) throws StateException {
        MemoryLayout layout = MemoryLayout.restore(state.parts("regions", 1, MemoryLayout.MAX_REGIONS));
        int length = chunks(layout) * Integer.BYTES;
        byte[] bytes = state.bytes("sums", length, length);
        int[] sums = new int[chunks(layout)];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(sums);
        List<Sample> samples = new ArrayList<>();
        for (State each : state.parts("samples", 0, MAX_SAMPLES)) {
            samples.add(new Sample(each.integer("page", 0, layout.pages() - 1), (int) each.integer("sum", 0, 0xFFFF_FFFFL)));
        }
        return new MemoryTable(layout, isDiff ? pages(state, layout) : null, state.integer("used", 0, layout.pages()), sums, samples);
    }

    private static PageSet pages(State state, MemoryLayout layout) throws StateException {
        if (layout.pages() >>> 3 > StateFile.MAX_BYTES) {
            throw new StateException("pages: a diff of " + layout.size() + " bytes of RAM is more than there can be");
        }
        int length = PageSet.bytesFor(layout.pages());
        try {
            return PageSet.fromBytes(layout.pages(), state.bytes("pages", length, length));
        } catch (IllegalArgumentException e) {
            throw new StateException("pages: " + e.getMessage());
        }
    }
}
