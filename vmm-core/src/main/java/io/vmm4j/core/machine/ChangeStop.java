package io.vmm4j.core.machine;

import io.vmm4j.core.snapshot.SnapshotException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Keeps what changes a machine out while it is frozen or put back: no change is under way, and none begins before {@link #close}. For one thread.
 */
final class ChangeStop implements AutoCloseable {

    /** What a change that comes meanwhile is told. */
    static final String WHY = "a snapshot of the machine is being taken, or it is being put back to one: try again";

    /** Changes of one kind. */
    interface Changes {

        /**
         * Has none begin until {@link #goOn}.
         *
         * @return {@code null}; or what is under way, and then nothing is stopped
         */
        String stop();

        /** They may begin again. */
        void goOn();
    }

    private final Deque<Changes> stopped = new ArrayDeque<>();

    /** @throws SnapshotException naming what is under way */
    ChangeStop(List<Changes> all) throws SnapshotException {
        for (Changes each : all) {
            String busy = each.stop();
            if (busy != null) {
                close();
                throw new SnapshotException(busy + " is under way");
            }
            stopped.push(each);
        }
    }

    @Override
    public void close() {
        while (!stopped.isEmpty()) {
            stopped.pop().goOn();
        }
    }
}
