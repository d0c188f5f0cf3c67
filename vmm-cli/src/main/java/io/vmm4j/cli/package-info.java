/**
 * The command line: words in, a {@link io.vmm4j.core.config.VmConfig} out, and the end of the machine turned into an exit
 * status. {@link io.vmm4j.cli.CliOption} is the table of options; nothing here decides how a machine works.
 */
package io.vmm4j.cli;
