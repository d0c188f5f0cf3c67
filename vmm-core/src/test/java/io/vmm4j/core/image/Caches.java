package io.vmm4j.core.image;

import java.io.IOException;
import java.nio.file.Path;

/** Caches for the tests of other packages. */
public final class Caches {

    private Caches() {
    }

    /** The one of a user whose XDG_CACHE_HOME is {@code base}. */
    public static CacheDirectory in(Path base) throws IOException {
        return CacheDirectory.of(base.toString(), null);
    }
}
