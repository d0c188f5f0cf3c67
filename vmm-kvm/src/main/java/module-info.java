/**
 * The KVM API and the system calls of a virtual machine monitor, by JNA. None of it is for embedders, who have {@code io.vmm4j.core}: what
 * it throws is a {@link java.io.IOException} to them.
 */
@SuppressWarnings({"module", "requires-automatic"}) // JNA's jar has a name and no descriptor
module io.vmm4j.kvm {
    requires com.sun.jna;
    requires jdk.unsupported; // sun.misc.Signal: the JVM keeps signals from everybody else
    requires org.slf4j;

    exports io.vmm4j.kvm to io.vmm4j.core, io.vmm4j.api;
    exports io.vmm4j.kvm.abi to io.vmm4j.core, io.vmm4j.api;
    exports io.vmm4j.kvm.libc to io.vmm4j.core, io.vmm4j.api;
}
