package io.vmm4j.bench.report;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a run of side-by-side has printed. Immutable. */
final class Results {

    private static final String OWN = "vmm4j";
    /** Whom the others are held against, the first that has the measure. */
    private static final List<String> REFERENCES = List.of("qemu", "c");

    private final Map<String, String> sides = new LinkedHashMap<>();
    private final Map<String, String> about = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private final Map<Key, Map<String, List<Double>>> values = new LinkedHashMap<>();

    private record Key(String place, Measure measure) {
    }

    private Results() {
    }

    /**
     * Reads lines as lib/measures.sh says them; others, which a testbed's console may bring, are left out.
     *
     * @throws IOException when a line that begins as a result is none, with its number
     */
    static Results parse(List<String> lines) throws IOException {
        Results results = new Results();
        for (int i = 0; i < lines.size(); i++) {
            String[] words = lines.get(i).strip().split(" ", 3);
            if (!results.take(words)) {
                throw new IOException("line " + (i + 1) + " of the results is no result: " + lines.get(i));
            }
        }
        return results;
    }

    private boolean take(String[] words) {
        switch (words[0]) {
            case "@side" -> {
                return words.length == 3 && put(sides, words);
            }
            case "@about" -> {
                return words.length == 3 && put(about, words);
            }
            case "@note" -> {
                String note = String.join(" ", List.of(words).subList(1, words.length));
                return notes.contains(note) || notes.add(note);
            }
            case "@value" -> {
                return words.length == 3 && takeValue(words[1], words[2].split(" "));
            }
            default -> {
                return true;
            }
        }
    }

    private static boolean put(Map<String, String> map, String[] words) {
        map.put(words[1], words[2]);
        return true;
    }

    private boolean takeValue(String place, String[] words) {
        Optional<Measure> measure = Measure.of(words[0]);
        if (measure.isEmpty() || words.length != 3) {
            return false;
        }
        double value;
        try {
            value = Double.parseDouble(words[2]);
        } catch (NumberFormatException e) {
            return false;
        }
        if (!Double.isFinite(value) || value < 0) {
            return false;
        }
        values.computeIfAbsent(new Key(place, measure.get()), key -> new LinkedHashMap<>())
                .computeIfAbsent(words[1], side -> new ArrayList<>()).add(value);
        return true;
    }

    /** Ids and names, in their order. */
    Map<String, String> sides() {
        return sides;
    }

    Map<String, String> about() {
        return about;
    }

    List<String> notes() {
        return notes;
    }

    /** In the order of {@link Measure}. */
    List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (Measure measure : Measure.values()) {
            values.forEach((key, bySide) -> {
                if (key.measure() == measure) {
                    rows.add(row(key, bySide));
                }
            });
        }
        return rows;
    }

    private Row row(Key key, Map<String, List<Double>> bySide) {
        Map<String, Statistics> figures = new LinkedHashMap<>();
        sides.keySet().stream().filter(bySide::containsKey).forEach(side -> figures.put(side, Statistics.of(bySide.get(side))));
        bySide.forEach((side, list) -> figures.putIfAbsent(side, Statistics.of(list)));
        Optional<String> reference = REFERENCES.stream().filter(figures::containsKey).findFirst()
                .or(() -> figures.keySet().stream().filter(side -> !side.startsWith(OWN)).findFirst());
        return new Row(key.place(), key.measure(), figures, reference);
    }
}
