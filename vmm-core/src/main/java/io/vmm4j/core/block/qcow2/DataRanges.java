package io.vmm4j.core.block.qcow2;

/** Says what of an image's file may be a guest's. */
@FunctionalInterface
interface DataRanges {

    /** As {@link Tables#isForData}. */
    boolean isForData(long offset, long length);
}
