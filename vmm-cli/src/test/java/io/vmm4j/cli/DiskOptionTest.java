package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.DriveConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DiskOptionTest {

    private final List<String> problems = new ArrayList<>();

    private DriveConfig parsed(String text) {
        return DiskOption.parse(List.of(text), problems::add).get(0);
    }

    @Test
    void wordsBehindCommasSayHowADiskIsUsed() {
        DriveConfig plain = parsed("/a.img");
        assertEquals(new DriveConfig("disk0", false, null, "/a.img", false, null), plain);
        assertEquals(new DriveConfig("data", false, null, "/a.img", true, null).withFormat(DriveConfig.Format.RAW),
                parsed("/a.img,ro,format=raw,id=data"));
        assertEquals(plain.withOverlay("memory"), parsed("/a.img,overlay"));
        assertEquals(plain.withOverlay("/o.qcow2").withFormat(DriveConfig.Format.QCOW2), parsed("/a.img,format=qcow2,overlay=/o.qcow2"));
        assertEquals(List.of(), problems);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"/a,,b|/a,b", "/a,,|/a,", ",,a|,a", "/a,,,ro|/a,", "/a,,,,b|/a,,b"})
    void twoCommasAreOneOfAPath(String text, String path) {
        assertEquals(path, parsed(text).pathOnHost());
        assertEquals(text.endsWith(",ro"), parsed(text).isReadOnly());
        assertEquals("/o,1", parsed("/a,overlay=/o,,1").overlay());
        assertEquals(List.of(), problems);
    }

    @Test
    void disksAreNumberedWhereTheyHaveNoName() {
        List<DriveConfig> drives = DiskOption.parse(List.of("/a", "/b,id=b", "/c"), problems::add);
        assertEquals(List.of("disk0", "b", "disk2"), drives.stream().map(DriveConfig::driveId).toList());
    }

    @ParameterizedTest
    @CsvSource({"rw", "format=vdi", "''", "overlays=x", "Ro"})
    void otherWordsAreRefusedByName(String word) {
        parsed("/a," + word);
        assertTrue(problems.get(0).startsWith("\"" + word + "\" is not one of ro, overlay, overlay=FILE, "), problems::toString);
    }
}
