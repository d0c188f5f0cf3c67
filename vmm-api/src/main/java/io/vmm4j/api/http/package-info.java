/**
 * HTTP/1.1 on a Unix socket as Firecracker's clients expect it: one thread for all connections, requests answered one after
 * the other. Messages are parsed and written by Apache HttpCore.
 */
package io.vmm4j.api.http;
