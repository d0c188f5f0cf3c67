/**
 * What a guest is booted from where the user has no images of their own: the host's newest kernel, and an initramfs of the host's busybox and
 * that kernel's modules, kept in the user's cache.
 */
package io.vmm4j.core.image;
