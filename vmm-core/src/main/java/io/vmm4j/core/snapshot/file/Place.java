package io.vmm4j.core.snapshot.file;

import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;
import java.nio.file.Path;

/** Where a snapshot is being written: under other names than its own until it is complete. Confined to one thread. */
interface Place extends AutoCloseable {

    /** The new, empty state file. */
    Fd state();

    /** The new, empty memory file. */
    Fd memory();

    /** What the state file is going to be called, for messages. */
    Path statePath();

    /** What the memory file is going to be called, for messages. */
    Path memoryPath();

    /** Has both on the medium and gives them their names; at most once. */
    void commit() throws IOException;

    /** Lets go; of what was not committed nothing is left. */
    @Override
    void close();
}
