/**
 * Commands to the devices of a running machine: each is carried out by the event loop that owns the device, and answered
 * by a future. And the socket by which other processes control a machine.
 */
package io.vmm4j.core.control;
