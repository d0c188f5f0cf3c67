/**
 * The logging back end: slf4j on log4j2, through log4j2's own binding, with a file and a queue in front of it.
 *
 * <p>Nothing of log4j2 is loaded before the guest runs: until then slf4j's own substitute loggers record what is logged
 * ({@link io.vmm4j.cli.log.EarlyLoggers}). {@link io.vmm4j.cli.log.LogBackend#startSoon} has a thread of the log's write that to the
 * file as it is ({@link io.vmm4j.cli.log.RecordWriter}), and what comes later. Only when that was more than a few lines it sets up
 * log4j2, which costs more than the rest of a start, and puts its loggers behind the substitutes. From there on events go through
 * log4j2's bounded queue; so no thread of the machine ever waits for the log's disk, before or after.
 *
 * <p>slf4j has such a phase itself, while its provider initialises; it is not used because slf4j can give the events of
 * that phase back only to loggers that take complete events, which log4j2's do not, and because it keeps them without
 * bound.
 */
package io.vmm4j.cli.log;
