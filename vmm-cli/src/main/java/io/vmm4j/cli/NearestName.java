package io.vmm4j.cli;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Finds what a person meant by a word that does not exist. */
final class NearestName {

    private NearestName() {
    }

    /**
     * The candidate closest to {@code word}, or {@code null} when none is close enough to be a slip of the fingers: one
     * letter in three may be wrong, and a candidate that {@code word} abbreviates is close too.
     */
    static String of(String word, Collection<String> candidates) {
        String wanted = word.toLowerCase(Locale.ROOT);
        String best = null;
        int bestDistance = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            String name = candidate.toLowerCase(Locale.ROOT);
            boolean isAbbreviation = letters(wanted) >= 2 && name.startsWith(wanted);
            int distance = isAbbreviation ? 1 : distance(wanted, name);
            int allowed = Math.max(1, Math.max(letters(wanted), letters(name)) / 3);
            if (distance <= allowed && distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best;
    }

    private static int letters(String word) {
        return word.startsWith("--") ? word.length() - 2 : word.length();
    }

    /** Letters to insert, delete, replace or swap with their neighbour to turn {@code a} into {@code b}. */
    static int distance(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        Arrays.setAll(last, i -> i);
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = last[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replace, 1 + Math.min(last[j], row[j - 1]));
                boolean isSwap = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
                if (isSwap) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            beforeLast = last;
            last = row;
        }
        return last[b.length()];
    }
}
