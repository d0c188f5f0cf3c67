/**
 * Machines that are found by their names: the directory of a user's that has their sockets, and who is there.
 */
package io.vmm4j.core.named;
