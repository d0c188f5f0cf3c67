/**
 * The front end of vhost-user: devices whose queues another process serves, in memory that it shares with the guest. Specification: "Vhost-user
 * Protocol" of QEMU's documentation (docs/interop/vhost-user.rst).
 *
 * <p>Each device has an event loop of its own, which waits for the other process where the protocol has it so; nobody else's thread does.
 */
package io.vmm4j.core.vhostuser;
