package io.vmm4j.core.vhostuser;

import io.vmm4j.kvm.libc.Fd;

/**
 * What a back end keeps of the requests in work, in memory that outlives it: the next one finds there what to do again.
 *
 * @param file      of the back end's making, not looked into here
 * @param size      bytes
 * @param offset    of the first in {@code file}
 * @param queues    that it has room for
 * @param queueSize of each
 */
record Inflight(Fd file, long size, long offset, int queues, int queueSize) implements AutoCloseable {

    @Override
    public void close() {
        file.close();
    }
}
