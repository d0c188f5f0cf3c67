/** A JUnit Jupiter extension that gives a test a running virtual machine. */
package io.vmm4j.junit;
