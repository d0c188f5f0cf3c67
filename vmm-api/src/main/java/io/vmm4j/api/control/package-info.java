/**
 * What the API's requests do: before the machine starts they collect what it is to be, holding what they have opened;
 * afterwards they go to the running machine. Refusals are in Firecracker's words.
 */
package io.vmm4j.api.control;
