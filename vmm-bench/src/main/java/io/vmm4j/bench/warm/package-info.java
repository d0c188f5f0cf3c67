/** What a machine costs in a JVM that has made others before. */
package io.vmm4j.bench.warm;
