/** What need not be found out, or made, again for each machine of a JVM. */
package io.vmm4j.core.memo;
