package io.vmm4j.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultsTest {

    private static final List<String> LINES = List.of(
            "@about date 2026-12-01",
            "@side vmm4j-17 vmm4j, Java 17.0.15",
            "@side qemu QEMU microvm 7.2",
            "[    0.1] a line of somebody else",
            "@value here start-ms qemu 50.000",
            "@value here start-ms vmm4j-17 110",
            "@value here start-ms vmm4j-17 90",
            "@value here start-ms vmm4j-17 300",
            "@value testbed disk-rand-read-16 vmm4j-17 50",
            "@value testbed disk-rand-read-16 qemu 200",
            "@note net needs root",
            "@note net needs root");

    @Test
    void rowsHaveMediansInTheOrderOfTheSides() throws IOException {
        Results results = Results.parse(LINES);
        Row start = results.rows().get(0);
        assertEquals(Measure.START, start.measure());
        assertEquals(List.of("vmm4j-17", "qemu"), List.copyOf(start.figures().keySet()));
        assertEquals(new Statistics(3, 110, 90, 300), start.figures().get("vmm4j-17"));
        assertEquals("2026-12-01", results.about().get("date"));
    }

    @Test
    void aNoteThatComesTwiceIsToldOnce() throws IOException {
        assertEquals(List.of("net needs root"), Results.parse(LINES).notes());
    }

    @Test
    void qemuIsTheReferenceAndARateCountsTheOtherWayRound() throws IOException {
        List<Row> rows = Results.parse(LINES).rows();
        assertEquals(Optional.of("qemu"), rows.get(0).reference());
        assertEquals(Optional.of(2.2), rows.get(0).ratio("vmm4j-17"));
        assertEquals(Optional.of(2.2), rows.get(0).cost("vmm4j-17"));
        assertEquals(Optional.of(0.25), rows.get(1).ratio("vmm4j-17"));
        assertEquals(Optional.of(4.0), rows.get(1).cost("vmm4j-17"), "a quarter of the rate costs four times as much");
    }

    @Test
    void whereQemuWasNotMeasuredTheFirstPeerIsTheReference() throws IOException {
        Row row = Results.parse(List.of("@side vmm4j-17 a", "@side kvmtool b", "@value here exit-ns vmm4j-17 3", "@value here exit-ns kvmtool 2"))
                .rows().get(0);
        assertEquals(Optional.of("kvmtool"), row.reference());
    }

    @Test
    void vmmAloneHasNoRatio() throws IOException {
        Row row = Results.parse(List.of("@side vmm4j-17 a", "@value here start-ms vmm4j-17 3")).rows().get(0);
        assertTrue(row.reference().isEmpty());
        assertTrue(row.ratio("vmm4j-17").isEmpty());
    }

    @Test
    void aReferenceOfNothingHasNoRatio() throws IOException {
        Row row = Results.parse(List.of("@side qemu a", "@side vmm4j-17 b", "@value here idle-cpu-ms qemu 0", "@value here idle-cpu-ms vmm4j-17 3"))
                .rows().get(0);
        assertTrue(row.ratio("vmm4j-17").isEmpty());
        assertTrue(row.cost("vmm4j-17").isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"@value here start-ms qemu", "@value here start-ms qemu fast", "@value here start-ms qemu -1", "@value here start-ms qemu NaN",
        "@value here no-such-measure qemu 1", "@value here", "@side qemu", "@about date"})
    void aLineThatIsNoResultIsToldWithItsNumber(String line) {
        IOException e = assertThrows(IOException.class, () -> Results.parse(List.of("@note x", line)));
        assertEquals("line 2 of the results is no result: " + line, e.getMessage());
    }

    @Test
    void anEvenNumberOfValuesHasTheMeanOfTheMiddleTwo() {
        assertEquals(2.5, Statistics.of(List.of(4.0, 1.0, 2.0, 3.0)).median());
    }

    @Test
    void withoutAValueThereIsNoMedian() {
        assertThrows(IllegalArgumentException.class, () -> Statistics.of(List.of()));
    }

    static Results results() throws IOException {
        return Results.parse(LINES);
    }
}
