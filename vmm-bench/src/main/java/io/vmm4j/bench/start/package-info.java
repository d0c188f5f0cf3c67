/** What comes first out of a process that was started. */
package io.vmm4j.bench.start;
