package io.vmm4j.cli;

import io.vmm4j.core.config.ShareConfig;
import java.util.function.Consumer;

/**
 * {@code --share DIR[:TAG][,WORD...]}: a shared folder in short. A comma in the directory's name needs {@code --fs}; a colon does not where a
 * tag follows, for the last one counts. {@code vhost-user:PATH} in place of the directory is the socket of a back end, as virtiofsd.
 */
final class ShareOption {

    private static final String CACHE = "cache=";
    private static final String VHOST_USER = "vhost-user:";

    private ShareOption() {
    }

    /** Reads the option's value; what is wrong with it goes to {@code problems}. */
    static ShareConfig parse(String text, Consumer<String> problems) {
        String[] words = text.split(",", -1);
        boolean isServed = words[0].startsWith(VHOST_USER);
        String place = isServed ? words[0].substring(VHOST_USER.length()) : words[0];
        int colon = place.lastIndexOf(':');
        // A colon before a slash is part of a name.
        boolean hasTag = colon >= 0 && place.indexOf('/', colon) < 0;
        String path = hasTag ? place.substring(0, colon) : place;
        String tag = hasTag ? place.substring(colon + 1) : ShareConfig.DEFAULT_TAG;
        ShareConfig share = isServed ? ShareConfig.vhostUser(path, tag) : ShareConfig.of(path, tag);
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
