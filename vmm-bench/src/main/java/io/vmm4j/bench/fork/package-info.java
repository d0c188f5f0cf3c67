/** What snapshots cost, and machines that go on from them. */
package io.vmm4j.bench.fork;
