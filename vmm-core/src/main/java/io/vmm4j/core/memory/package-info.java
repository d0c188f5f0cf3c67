/** Guest RAM that stands still, in files that any number of machines map, and what a machine has written since. */
package io.vmm4j.core.memory;
