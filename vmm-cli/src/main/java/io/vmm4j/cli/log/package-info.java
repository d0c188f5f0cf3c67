/**
 * The logging back end: slf4j on log4j2, through log4j2's own binding, with a file and a queue in front of it.
 *
 * <p>Nothing of log4j2 is loaded before the guest runs: until then slf4j's own substitute loggers record what is logged
 * ({@link io.vmm4j.cli.log.EarlyLoggers}). {@link io.vmm4j.cli.log.LogBackend#start} then sets up log4j2 on a thread of
 * its own, hands it what was recorded and puts its loggers behind the substitutes. From there on events go through
 * log4j2's bounded queue, so that no thread of the machine ever waits for the log's disk.
 *
 * <p>slf4j has such a phase itself, while its provider initialises; it is not used because slf4j can give the events of
 * that phase back only to loggers that take complete events, which log4j2's do not, and because it keeps them without
 * bound.
 */
package io.vmm4j.cli.log;
