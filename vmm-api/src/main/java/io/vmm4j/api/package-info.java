/** Firecracker's door: an API server in a process that runs one machine. */
package io.vmm4j.api;
