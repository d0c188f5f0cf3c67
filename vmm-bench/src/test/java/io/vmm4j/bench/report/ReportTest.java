package io.vmm4j.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Font;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.knowm.xchart.CategoryChart;

class ReportTest {

    @BeforeAll
    static void drawWithoutAScreen() {
        System.setProperty("java.awt.headless", "true");
    }

    @Test
    void theTableHasValuesRatiosAndMarksTheReference() throws IOException {
        assertEquals(List.of(
                "| median (times the reference's)                        | vmm4j, Java 17.0.15 | QEMU microvm 7.2 |",
                "|-------------------------------------------------------|---------------------|------------------|",
                "| start to the first guest byte, ms                     | 110.0 (2.20)        | 50.0 *           |",
                "| disk: read, 4 KiB, 16 at a time, 1/s (testbed)        | 50.0 (0.25)         | 200.0 *          |",
                "",
                "The reference is marked *. Of rates (MiB/s, 1/s) more is better, of all else less.",
                "",
                "- date: 2026-12-01",
                "- not measured: net needs root"), Table.markdown(ResultsTest.results()).lines().map(ReportTest::narrow).toList());
    }

    /** The first column as wide as this test has it: the width itself is of no interest. */
    private static String narrow(String line) {
        if (!line.startsWith("|")) {
            return line;
        }
        int second = line.indexOf('|', 1);
        String first = line.substring(0, second).stripTrailing();
        String fill = line.startsWith("|-") ? "-" : " ";
        return (first + fill.repeat(56)).substring(0, 56) + line.substring(second);
    }

    @Test
    void numbersHaveThreeDigitsOrSo() {
        assertEquals("0.25", Table.number(0.25));
        assertEquals("55.0", Table.number(55));
        assertEquals("123457", Table.number(123456.7));
    }

    @Test
    void theCsvHasALineForEachSide() throws IOException {
        assertEquals(List.of(
                "place,measure,unit,side,name,runs,median,least,most,reference,ratio",
                "here,start-ms,ms,vmm4j-17,\"vmm4j, Java 17.0.15\",3,110.000,90.000,300.000,qemu,2.200",
                "here,start-ms,ms,qemu,\"QEMU microvm 7.2\",1,50.000,50.000,50.000,qemu,1.000",
                "testbed,disk-rand-read-16,1/s,vmm4j-17,\"vmm4j, Java 17.0.15\",1,50.000,50.000,50.000,qemu,0.250",
                "testbed,disk-rand-read-16,1/s,qemu,\"QEMU microvm 7.2\",1,200.000,200.000,200.000,qemu,1.000"),
                FigureFiles.csv(ResultsTest.results()).lines().toList());
    }

    @Test
    void theJsonHasTheSame() throws IOException {
        JsonNode json = new ObjectMapper().readTree(FigureFiles.json(ResultsTest.results()));
        assertEquals("QEMU microvm 7.2", json.at("/sides/qemu").asText());
        assertEquals("net needs root", json.at("/notes/0").asText());
        assertEquals("disk-rand-read-16", json.at("/measures/1/measure").asText());
        assertEquals("testbed", json.at("/measures/1/place").asText());
        assertEquals("more", json.at("/measures/1/better").asText());
        assertEquals(0.25, json.at("/measures/1/sides/vmm4j-17/ratio").asDouble());
        assertEquals(3, json.at("/measures/0/sides/vmm4j-17/runs").asInt());
    }

    @Test
    void theChartHasASeriesForEachSide() throws IOException {
        assumeTextCanBeDrawn();
        CategoryChart chart = CostChart.of(ResultsTest.results());
        assertEquals(List.of("vmm4j, Java 17.0.15", "QEMU microvm 7.2"), List.copyOf(chart.getSeriesMap().keySet()));
        assertEquals(List.of(2.2, 4.0), List.copyOf(chart.getSeriesMap().get("vmm4j, Java 17.0.15").getYData()));
    }

    @Test
    void whereNothingCanBeComparedThereIsNoChart() throws IOException {
        Results alone = Results.parse(List.of("@side vmm4j-17 a", "@value here start-ms vmm4j-17 3"));
        assertThrows(IllegalArgumentException.class, () -> CostChart.of(alone));
    }

    @Test
    void allFilesAreWritten(@TempDir Path directory) throws Exception {
        assumeTextCanBeDrawn();
        Path file = Files.write(directory.resolve("results.txt"), List.of("@side vmm4j-17 vmm4j", "@side c C program", "@value here exit-ns vmm4j-17 11",
                "@value here exit-ns c 10"));
        Report.write(file, directory);
        assertEquals(Table.markdown(Results.parse(Files.readAllLines(file))), Files.readString(directory.resolve("table.md")));
        assertEquals("svg", DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(withoutDtd(directory)).getDocumentElement().getTagName());
        assertTrue(ImageIO.read(directory.resolve("chart.png").toFile()).getWidth() > 0);
        assertTrue(Files.size(directory.resolve("results.csv")) > 0);
        assertTrue(Files.size(directory.resolve("results.json")) > 0);
    }

    /** No test goes to the network for a document type. */
    private static java.io.InputStream withoutDtd(Path directory) throws IOException {
        String svg = Files.readString(directory.resolve("chart.svg")).replaceFirst("(?s)<!DOCTYPE[^>]*>", "");
        return new java.io.ByteArrayInputStream(svg.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @Test
    void withoutResultsThereIsAnError(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("results.txt"), "@note nothing could be measured\n");
        assertTrue(assertThrows(IOException.class, () -> Report.write(file, directory)).getMessage().endsWith("results.txt has no results"));
    }

    private static void assumeTextCanBeDrawn() {
        boolean hasFont;
        try {
            hasFont = new Font(Font.SANS_SERIF, Font.PLAIN, 12).createGlyphVector(new java.awt.font.FontRenderContext(null, false, false), "x").getNumGlyphs() > 0;
        } catch (LinkageError | InternalError | RuntimeException e) {
            hasFont = false;
        }
        assumeTrue(hasFont, "this Java cannot draw text: no font or no freetype (Debian: libfreetype6, fontconfig, fonts-dejavu-core)");
    }
}
