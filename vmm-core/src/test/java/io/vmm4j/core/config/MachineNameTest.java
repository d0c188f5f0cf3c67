package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MachineNameTest {

    @ParameterizedTest
    @ValueSource(strings = {"web", "a", "0", "vm-1", "db_2.example.org", "X", "a..b", "web."})
    void lettersDigitsAndThreeMarksAreAName(String name) {
        assertEquals(name, MachineName.require(name));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "a b|machine name \"a b\" has something else than letters, digits, '-', '_' and '.'",
        "a/b|machine name \"a/b\" has something else than letters, digits, '-', '_' and '.'",
        "ä|machine name \"ä\" does not begin with a letter or a digit",
        "bär|machine name \"bär\" has something else than letters, digits, '-', '_' and '.'",
        "..|machine name \"..\" does not begin with a letter or a digit",
        ".web|machine name \".web\" does not begin with a letter or a digit",
        "-web|machine name \"-web\" does not begin with a letter or a digit",
    })
    void everythingElseIsOneLine(String name, String line) {
        assertEquals(line, assertThrows(IllegalArgumentException.class, () -> MachineName.require(name)).getMessage());
    }

    @Test
    void aNameHasABound() {
        assertEquals("machine name is empty", assertThrows(IllegalArgumentException.class, () -> MachineName.require("")).getMessage());
        assertThrows(IllegalArgumentException.class, () -> MachineName.require("a\n"));
        assertEquals(64, MachineName.require("a".repeat(64)).length());
        assertEquals("machine name \"" + "a".repeat(64) + "…\" of 65 characters is above the limit of 64",
                assertThrows(IllegalArgumentException.class, () -> MachineName.require("a".repeat(65))).getMessage());
    }
}
