package io.vmm4j.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Makes table.md, results.csv, results.json, chart.svg and chart.png of side-by-side's results, and prints the table. */
public final class Report {

    private Report() {
    }

    /** The arguments are the file of results and the directory for the others. */
    public static void main(String[] args) {
        if (args.length != 2) {
            System.err.println("usage: Report RESULTS DIRECTORY");
            System.exit(2);
        }
        try {
            write(Path.of(args[0]), Path.of(args[1]));
        } catch (IOException e) {
            System.err.println("report: " + e.getMessage());
            System.exit(1);
        }
    }

    static void write(Path resultsFile, Path directory) throws IOException {
        Results results = Results.parse(Files.readAllLines(resultsFile));
        if (results.rows().isEmpty()) {
            throw new IOException(resultsFile + " has no results");
        }
        String table = Table.markdown(results);
        Files.writeString(directory.resolve("table.md"), table);
        System.out.print(table);
        Files.writeString(directory.resolve("results.csv"), FigureFiles.csv(results));
        Files.writeString(directory.resolve("results.json"), FigureFiles.json(results));
        try {
            CostChart.write(CostChart.of(results), directory);
        } catch (IllegalArgumentException e) {
            System.err.println("report: no chart: " + e.getMessage());
        } catch (LinkageError | InternalError e) {
            // A Java without the libraries for drawing, or a system without a font.
            System.err.println("report: no chart: this Java cannot draw text (Debian: libfreetype6, fontconfig and fonts-dejavu-core): " + e);
        }
    }
}
