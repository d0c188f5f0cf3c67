/**
 * What happens to a machine, for those who want to hear of it: {@link io.vmm4j.core.event.VmListener} is told of each
 * {@link io.vmm4j.core.event.VmEvent}, {@link io.vmm4j.core.event.EventJson} writes one as a line of JSON.
 */
package io.vmm4j.core.event;
