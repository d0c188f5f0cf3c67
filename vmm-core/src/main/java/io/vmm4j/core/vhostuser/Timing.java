package io.vmm4j.core.vhostuser;

import java.time.Duration;

/**
 * How long a device has patience with its back end.
 *
 * @param answer     for an answer; also for the end of the requests in work where a queue is to stand still
 * @param firstRetry from the loss of a back end until another is looked for; each time after that twice as long
 * @param lastRetry  at most
 * @param stable     how long a connection has to last, for its loss to be one in its own right: logged, and followed by {@code firstRetry}
 */
record Timing(Duration answer, Duration firstRetry, Duration lastRetry, Duration stable) {

    /** Of machines. */
    static final Timing USUAL = new Timing(Duration.ofSeconds(10), Duration.ofMillis(100), Duration.ofSeconds(5), Duration.ofSeconds(10));
}
