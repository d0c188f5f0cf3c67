package io.vmm4j.core.memory;

import java.io.IOException;
import java.util.BitSet;

/** Finds the pages of a machine's RAM that may hold something else than zeros. */
@FunctionalInterface
public interface TouchedPages {

    BitSet find() throws IOException;
}
