/** What a part of a machine must know to go on later, in another process or as one of many: given as a value and taken back. */
package io.vmm4j.devices.state;
