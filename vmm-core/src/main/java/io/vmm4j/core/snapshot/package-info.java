/** Machines that stand still, from which others go on: in this JVM, in others, any number. */
package io.vmm4j.core.snapshot;
