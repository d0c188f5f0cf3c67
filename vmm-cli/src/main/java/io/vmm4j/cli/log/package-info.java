/**
 * The logging back end. Everything logs through slf4j; {@link io.vmm4j.cli.log.QueueLoggerProvider} puts events into a
 * bounded queue, and one thread, started once the guest runs, writes them to the log file through log4j2. So the start of
 * a guest does not pay for a logging framework, and no thread of the machine ever waits for the log's disk.
 */
package io.vmm4j.cli.log;
