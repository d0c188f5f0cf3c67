package io.vmm4j.devices.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ShellWordTest {

    @Test
    void whatAShellTakesAsItIsIsNotQuoted() {
        assertEquals("/srv/größe-2.qcow2", ShellWord.of("/srv/größe-2.qcow2"));
    }

    @Test
    void controlCharactersAreWrittenOut() {
        assertEquals("$'a\\012b\\'c\\\\\\033'", ShellWord.of("a\nb'c\\\u001b"));
    }

    @Test
    void allElseIsQuoted() {
        assertEquals("'a b'", ShellWord.of("a b"));
        assertEquals("'$(rm x)'", ShellWord.of("$(rm x)"));
        assertEquals("'it'\\''s'", ShellWord.of("it's"));
        assertEquals("''", ShellWord.of(""));
        assertEquals("'~'", ShellWord.of("~"));
    }
}
