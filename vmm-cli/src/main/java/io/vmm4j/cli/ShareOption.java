package io.vmm4j.cli;

import io.vmm4j.core.config.ShareConfig;
import java.util.function.Consumer;

/**
 * {@code --share DIR[:TAG][,WORD...]}: a shared folder in short. A comma in the directory's name needs {@code --fs}; a colon does not where a
 * tag follows, for the last one counts.
 */
final class ShareOption {

    private static final String CACHE = "cache=";

    private ShareOption() {
    }

    /** Reads the option's value; what is wrong with it goes to {@code problems}. */
    static ShareConfig parse(String text, Consumer<String> problems) {
        String[] words = text.split(",", -1);
        int colon = words[0].lastIndexOf(':');
        // A colon before a slash is part of a name.
        boolean hasTag = colon >= 0 && words[0].indexOf('/', colon) < 0;
        ShareConfig share = hasTag ? ShareConfig.of(words[0].substring(0, colon), words[0].substring(colon + 1))
                : ShareConfig.of(words[0], ShareConfig.DEFAULT_TAG);
        for (int i = 1; i < words.length; i++) {
            share = with(share, words[i], problems);
        }
        return share;
    }

    private static ShareConfig with(ShareConfig share, String word, Consumer<String> problems) {
        return switch (word) {
            case "ro" -> share.withReadOnly(true);
            case "writeback" -> share.withWriteback(true);
            case "privileged" -> share.withPrivileged(true);
            default -> {
                ShareConfig.Cache cache = word.startsWith(CACHE) ? DeviceLists.cache(word.substring(CACHE.length())) : null;
                if (cache == null) {
                    problems.accept("\"" + word + "\" is not one of ro, writeback, privileged, cache=POLICY, where POLICY is one of "
                            + ShareConfig.Cache.names());
                    yield share;
                }
                yield share.withCache(cache);
            }
        };
    }
}
