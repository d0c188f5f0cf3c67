/** Virtual machines and Micrometer. */
package io.vmm4j.micrometer;
