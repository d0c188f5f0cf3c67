/**
 * The host's end of a guest's serial port or virtio console: what an embedder writes its own by, and one that captures what the guest
 * prints and types what it is told to.
 */
package io.vmm4j.core.console;
