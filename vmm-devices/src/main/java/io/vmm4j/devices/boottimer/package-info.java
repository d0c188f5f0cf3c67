/** The device by which a guest's first program tells the host that the guest has booted (Firecracker's boot timer). */
package io.vmm4j.devices.boottimer;
