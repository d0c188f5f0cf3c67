/**
 * The Linux system calls that a virtual machine monitor needs, one small class a kernel object.
 *
 * <p>Start-up: JNA unpacks its native stub to a temporary file unless the system property {@code jna.boot.library.path}
 * names a directory that has it, and asks {@code ldconfig -p} in a child process unless
 * {@code jna.platform.library.path} is set (any directory will do: nothing here searches for a library). A launcher sets
 * both, and {@code jna.nounpack=true}.
 */
package io.vmm4j.kvm.libc;
