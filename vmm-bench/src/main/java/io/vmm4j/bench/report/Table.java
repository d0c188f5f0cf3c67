package io.vmm4j.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The rows as Markdown, which is as well what a person reads: columns are filled up with blanks. */
final class Table {

    private static final int FRACTION_BELOW = 10;
    private static final int TENTHS_BELOW = 1000;

    private Table() {
    }

    /** Table, what the figures depend on, and what is missing. */
    static String markdown(Results results) {
        List<String> ids = new ArrayList<>(results.sides().keySet());
        List<Row> rows = results.rows();
        List<List<String>> cells = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("median (times the reference's)"));
        ids.forEach(id -> head.add(results.sides().get(id)));
        cells.add(head);
        for (Row row : rows) {
            List<String> line = new ArrayList<>(List.of(row.measure().title() + ", " + row.measure().unit() + where(row)));
            ids.forEach(id -> line.add(cell(row, id)));
            cells.add(line);
        }
        StringBuilder text = new StringBuilder();
        append(text, cells);
        text.append("\nThe reference is marked *. Of rates (MiB/s, 1/s) more is better, of all else less.\n\n");
        results.about().forEach((key, value) -> text.append("- ").append(key).append(": ").append(value).append('\n'));
        results.notes().forEach(note -> text.append("- not measured: ").append(note).append('\n'));
        return text.toString();
    }

    private static String where(Row row) {
        return row.place().equals("testbed") ? " (testbed)" : "";
    }

    private static String cell(Row row, String id) {
        Statistics figures = row.figures().get(id);
        if (figures == null) {
            return "";
        }
        if (row.reference().filter(id::equals).isPresent()) {
            return number(figures.median()) + " *";
        }
        return number(figures.median()) + row.ratio(id).map(ratio -> String.format(Locale.ROOT, " (%.2f)", ratio)).orElse("");
    }

    /** With three digits or so. */
    static String number(double value) {
        if (value < FRACTION_BELOW) {
            return String.format(Locale.ROOT, "%.2f", value);
        }
        return String.format(Locale.ROOT, value < TENTHS_BELOW ? "%.1f" : "%.0f", value);
    }

    private static void append(StringBuilder text, List<List<String>> cells) {
        int columns = cells.get(0).size();
        int[] widths = new int[columns];
        cells.forEach(line -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        });
        for (int n = 0; n < cells.size(); n++) {
            for (int i = 0; i < columns; i++) {
                text.append(i == 0 ? "| " : " | ").append(cells.get(n).get(i)).append(" ".repeat(widths[i] - cells.get(n).get(i).length()));
            }
            text.append(" |\n");
            if (n == 0) {
                for (int width : widths) {
                    text.append('|').append("-".repeat(width + 2));
                }
                text.append("|\n");
            }
        }
    }
}
