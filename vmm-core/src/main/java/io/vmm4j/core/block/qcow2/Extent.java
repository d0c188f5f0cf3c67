package io.vmm4j.core.block.qcow2;

/** A part of the disk that is all of one kind, and in one piece where it is in the file. Used again and again by one thread. */
final class Extent {

    /** What part of the disk is. */
    enum Kind {
        /** Not in this image: the backing file's, or zeros. */
        ABSENT,
        /** Zeros. */
        ZERO,
        /** In the file, and of this disk alone. */
        DATA,
        /** In the file, to be read only: somebody else may refer to it. */
        SHARED,
        /** In the file, compressed: one cluster at the most. */
        COMPRESSED
    }

    Kind kind;
    /** Of DATA and SHARED: where it begins in the file. */
    long offset;
    /** Bytes. */
    long length;
    /** The L2 entry of the first cluster. */
    long entry;

    boolean isInFile() {
        return kind == Kind.DATA || kind == Kind.SHARED;
    }

    boolean readsAsZeros(boolean hasBacking) {
        return kind == Kind.ZERO || kind == Kind.ABSENT && !hasBacking;
    }
}
