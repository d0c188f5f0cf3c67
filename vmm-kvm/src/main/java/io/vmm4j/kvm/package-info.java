/**
 * The KVM API of Linux: {@link io.vmm4j.kvm.Kvm} makes {@link io.vmm4j.kvm.KvmVm} makes {@link io.vmm4j.kvm.KvmVcpu}, and
 * each is closed before what made it. Specification: Documentation/virt/kvm/api.rst of the kernel.
 */
package io.vmm4j.kvm;
