package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.core.config.ShareConfig;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShareOptionTest {

    private final List<String> problems = new ArrayList<>();

    private ShareConfig parsed(String text) {
        return ShareOption.parse(text, problems::add);
    }

    @ParameterizedTest
    @CsvSource({"/a/b, /a/b, share", "/a/b:c, /a/b, c", "/a:b/c, /a:b/c, share", "/a:b:c, /a:b, c", ".:t, ., t"})
    void aTagIsBehindTheLastColon(String text, String path, String tag) {
        assertEquals(path, parsed(text).pathOnHost());
        assertEquals(tag, parsed(text).tag());
        assertEquals(List.of(), problems);
    }

    @Test
    void wordsBehindCommasSayHowItIsShared() {
        ShareConfig plain = parsed("/a:t");
        assertEquals(ShareConfig.of("/a", "t"), plain);
        assertTrue(parsed("/a:t,ro").readOnly());
        assertEquals(plain.withCache(ShareConfig.Cache.ALWAYS).withWriteback(true).withPrivileged(true),
                parsed("/a:t,cache=always,writeback,privileged"));
        assertEquals(List.of(), problems);
        assertEquals(plain, parsed("/a:t,cache=often"));
        assertTrue(problems.get(0).startsWith("\"cache=often\" is not one of ro, writeback"), problems::toString);
    }
}
