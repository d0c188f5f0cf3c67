package io.vmm4j.cli.log;

import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.file.Path;

/** Where the bytes of the log go. Confined to one thread at a time. */
interface LogDestination extends AutoCloseable {

    /** Opens what a path leads to. */
    @FunctionalInterface
    interface Opener {
        LogDestination open(Path path) throws IOException;
    }

    /**
     * Writes some of a text.
     *
     * @param from   the first byte
     * @param length bytes, 1 or more
     * @return bytes taken; 0 where none are taken now
     * @throws IOException when nothing was taken, with the reason
     */
    int write(NativeStruct text, int from, int length) throws IOException;

    /** Whether another process writes to it too. */
    default boolean isShared() {
        return false;
    }

    /** Whether it is a terminal, which may be in raw mode: its lines need a carriage return. */
    default boolean isTerminal() {
        return false;
    }

    @Override
    void close();
}
