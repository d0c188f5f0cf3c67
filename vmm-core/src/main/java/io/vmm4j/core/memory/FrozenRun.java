package io.vmm4j.core.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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

    /** Runs of one file, ascending, of which those with no more than {@code gapMax} bytes between them have become one. */
    static List<FrozenRun> bridged(List<FrozenRun> runs, long gapMax) {
        List<FrozenRun> result = new ArrayList<>();
        for (FrozenRun run : runs) {
            FrozenRun before = result.isEmpty() ? null : result.get(result.size() - 1);
            if (before != null && run.offset - before.end() <= gapMax) {
                result.set(result.size() - 1, new FrozenRun(before.offset, run.end() - before.offset, run.file));
            } else {
                result.add(run);
            }
        }
        return result;
    }

    /**
     * What the same runs are when most are in one file together: the longest stay what they are, and between two of them is one piece of that file, with
     * what lies between the runs.
     *
     * @param runs  ascending, none over another
     * @param most  of the result, above 2
     * @param file  where what is not in the result as it is in {@code runs} is to be copied to
     */
    static List<FrozenRun> together(List<FrozenRun> runs, int most, FrozenFile file) {
        List<FrozenRun> longest = new ArrayList<>(runs);
        longest.sort(Comparator.comparingLong(FrozenRun::length).reversed());
        Set<FrozenRun> kept = new HashSet<>(longest.subList(0, Math.min(runs.size(), (most - 1) / 2)));
        List<FrozenRun> result = new ArrayList<>();
        FrozenRun piece = null;
        for (FrozenRun run : runs) {
            if (!kept.contains(run)) {
                long from = piece == null ? run.offset : piece.offset;
                piece = new FrozenRun(from, run.end() - from, file);
                continue;
            }
            if (piece != null) {
                result.add(piece);
                piece = null;
            }
            result.add(run);
        }
        if (piece != null) {
            result.add(piece);
        }
        return List.copyOf(result);
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
