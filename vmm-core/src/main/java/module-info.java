/**
 * Virtual machines in a JVM: {@link io.vmm4j.core.VmBuilder} makes them. What is exported to all is the API; the rest may change any day.
 */
@SuppressWarnings("module") // those that the internals are for come after this one
module io.vmm4j.core {
    requires transitive io.vmm4j.devices;
    requires io.vmm4j.kvm;
    requires aircompressor;
    requires com.fasterxml.jackson.annotation;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires com.fasterxml.jackson.dataformat.cbor;
    requires org.apache.commons.compress;
    requires org.slf4j;
    requires org.tukaani.xz;

    exports io.vmm4j.core;
    exports io.vmm4j.core.config;
    exports io.vmm4j.core.console;
    exports io.vmm4j.core.control;
    exports io.vmm4j.core.event;
    exports io.vmm4j.core.metrics;
    exports io.vmm4j.core.snapshot;

    exports io.vmm4j.core.block to io.vmm4j.api;
    exports io.vmm4j.core.host to io.vmm4j.api;
    exports io.vmm4j.core.json to io.vmm4j.api;
    exports io.vmm4j.core.vhostuser to io.vmm4j.api;

    // Readers of single fields are for nobody else.
    opens io.vmm4j.core.config to com.fasterxml.jackson.databind;
}
