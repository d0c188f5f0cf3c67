/** Running virtual machines for JUnit Jupiter tests: {@link io.vmm4j.junit.MicroVm}. */
module io.vmm4j.junit {
    requires transitive io.vmm4j.core;
    requires transitive org.junit.jupiter.api;
    requires org.junit.platform.commons;

    exports io.vmm4j.junit;

    // JUnit makes the extension, which nobody else is to make.
    opens io.vmm4j.junit to org.junit.platform.commons;
}
