package io.vmm4j.core.control;

/** Hears of a snapshot that is being saved. */
public interface SnapshotProgress {

    /** So many bytes of the guest's memory are done with, of so many. */
    void saved(long bytes, long of);

    /**
     * It is saved, and nothing comes behind this.
     *
     * @param id   what it is told apart by
     * @param note one line for a person about its use, or {@code null}
     */
    void done(String id, String note);

    /**
     * It is not, and nothing is left of it; nothing comes behind this.
     *
     * @param isRequest whether what was asked for cannot be, as against something that went wrong
     * @param why       one line for a person
     */
    void failed(boolean isRequest, String why);
}
