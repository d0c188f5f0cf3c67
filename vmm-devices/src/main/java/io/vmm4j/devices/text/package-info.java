/** Text of users, files and guests, made fit for a terminal and a log. */
package io.vmm4j.devices.text;
