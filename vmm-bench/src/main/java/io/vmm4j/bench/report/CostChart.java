package io.vmm4j.bench.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.style.Styler;

/** All measures in one picture: a bar for each side, as high as many times what it costs the reference. Less is better, of rates too. */
final class CostChart {

    private static final int WIDTH = 1400;
    private static final int HEIGHT = 900;
    private static final int SLANT_DEGREES = 45;

    private CostChart() {
    }

    /** @throws IllegalArgumentException when nothing can be compared: there is no other side */
    static CategoryChart of(Results results) {
        List<Row> rows = results.rows().stream().filter(row -> row.figures().keySet().stream().anyMatch(side -> isCompared(row, side))).toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("nothing to compare: no measure has two sides");
        }
        CategoryChart chart = new CategoryChartBuilder().width(WIDTH).height(HEIGHT).title("Cost, times that of the reference (less is better)").build();
        chart.getStyler().setXAxisLabelRotation(SLANT_DEGREES).setLegendPosition(Styler.LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(Styler.LegendLayout.Horizontal);
        chart.getStyler().setAvailableSpaceFill(0.8);
        List<String> titles = rows.stream().map(row -> row.measure().title() + (row.place().equals("testbed") ? " (testbed)" : "")).toList();
        results.sides().forEach((id, name) -> {
            List<Double> costs = new ArrayList<>();
            rows.forEach(row -> costs.add(row.cost(id).orElse(null)));
            if (costs.stream().anyMatch(Objects::nonNull)) {
                chart.addSeries(name, titles, costs);
            }
        });
        return chart;
    }

    private static boolean isCompared(Row row, String side) {
        return row.cost(side).isPresent() && !row.reference().orElse(side).equals(side);
    }

    /** Writes chart.svg and chart.png into the directory. */
    static void write(CategoryChart chart, Path directory) throws IOException {
        String file = directory.resolve("chart").toString();
        VectorGraphicsEncoder.saveVectorGraphic(chart, file, VectorGraphicsEncoder.VectorGraphicsFormat.SVG);
        BitmapEncoder.saveBitmap(chart, file, BitmapEncoder.BitmapFormat.PNG);
    }
}
