package io.vmm4j.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Utf8TextTest {

    @ParameterizedTest
    @CsvSource({
        "ff, invalid utf-8 sequence of 1 bytes from index 0",
        "58c161, invalid utf-8 sequence of 1 bytes from index 1",
        "fe, invalid utf-8 sequence of 1 bytes from index 0",
        "80, invalid utf-8 sequence of 1 bytes from index 0",
        "c361, invalid utf-8 sequence of 1 bytes from index 0",
        "eda080, invalid utf-8 sequence of 1 bytes from index 0",
        "e08080, invalid utf-8 sequence of 1 bytes from index 0",
        "e28261, invalid utf-8 sequence of 2 bytes from index 0",
        "f08080, invalid utf-8 sequence of 1 bytes from index 0",
        "f490, invalid utf-8 sequence of 1 bytes from index 0",
        "f5808080, invalid utf-8 sequence of 1 bytes from index 0",
        "f09f61, invalid utf-8 sequence of 2 bytes from index 0",
        "f09f9861, invalid utf-8 sequence of 3 bytes from index 0",
        "c3, incomplete utf-8 byte sequence from index 0",
        "61e282, incomplete utf-8 byte sequence from index 1",
        "f09f98, incomplete utf-8 byte sequence from index 0",
        "ed, incomplete utf-8 byte sequence from index 0",
    })
    void whatIsWrongIsToldAsRustTellsIt(String hex, String problem) {
        assertEquals(problem, Utf8Text.problemOf(HexFormat.of().parseHex(hex)));
    }

    @Test
    void nothingIsWrongWithText() {
        assertNull(Utf8Text.problemOf("a\u00e9\u20ac\ud83d\ude00".getBytes(StandardCharsets.UTF_8)));
        assertNull(Utf8Text.problemOf());
    }
}
