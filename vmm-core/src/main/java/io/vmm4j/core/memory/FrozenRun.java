package io.vmm4j.core.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * A piece of frozen RAM, in whole pages.
 *
 * @param offset of its first byte in the RAM, without the holes between its regions
 * @param length in bytes, above 0
 * @param file   where it is
 */
public record FrozenRun(long offset, long length, FrozenFile file) {

    /** The offset behind the last byte. */
    public long end() {
        return offset + length;
    }

    private FrozenRun part(long from, long to) {
        return new FrozenRun(from, to - from, file);
    }

    /**
     * Lays runs over others.
     *
     * @param below ascending, none over another
     * @param above likewise; one without a file says that there are zeros
     * @return ascending, none over another, all with files
     */
    static List<FrozenRun> overlay(List<FrozenRun> below, List<FrozenRun> above) {
        List<FrozenRun> result = new ArrayList<>(below.size() + above.size());
        int next = 0;
        for (FrozenRun lower : below) {
            long at = lower.offset;
            while (next < above.size() && above.get(next).offset < lower.end()) {
                FrozenRun upper = above.get(next);
                if (upper.offset > at) {
                    result.add(lower.part(at, upper.offset));
                }
                at = Math.max(at, upper.end());
                if (upper.end() > lower.end()) {
                    break; // goes on over the next one below
                }
                addTo(result, upper);
                next++;
            }
            if (at < lower.end()) {
                result.add(lower.part(at, lower.end()));
            }
        }
        for (; next < above.size(); next++) {
            addTo(result, above.get(next));
        }
        return List.copyOf(result);
    }

    private static void addTo(List<FrozenRun> result, FrozenRun upper) {
        if (upper.file != null) {
            result.add(upper);
        }
    }
}
