/** Runs at build time only and is not in the jar: writes the shell completion and the manual's source. */
package io.vmm4j.cli.docs;
