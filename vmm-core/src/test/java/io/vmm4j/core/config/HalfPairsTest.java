package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text with halves of surrogate pairs, which an argument of a program's may have, and no file's name. */
class HalfPairsTest {

    private static String drive(String path) {
        return "{\"drive_id\": \"a\", \"path_on_host\": \"" + path + "\"}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a\ud800b", "/\udc00", "/\ud800\ud800\udc00", "/end\ud83d"})
    void noneOfThemBecomesAnotherCharacter(String path) throws ConfigException {
        assertNull(StrictJson.readByShape(drive(path), DriveConfig.class), "what writes it as UTF-8 would write a question mark");
        assertEquals(path, StrictJson.read(drive(path), DriveConfig.class, "test").pathOnHost());
    }

    @Test
    void wholePairsAreReadByShape() {
        assertEquals("/\ud83d\ude00", StrictJson.readByShape(drive("/\ud83d\ude00"), DriveConfig.class).pathOnHost());
    }
}
