/** Firecracker's HTTP API on a Unix socket, over {@code io.vmm4j.core}: {@link io.vmm4j.api.FirecrackerServer}. */
@SuppressWarnings("requires-automatic") // the message parser's jar has a name and no descriptor
module io.vmm4j.api {
    requires transitive io.vmm4j.core;
    requires io.vmm4j.kvm;
    requires com.fasterxml.jackson.core;
    requires org.apache.httpcomponents.core5.httpcore5;
    requires org.slf4j;

    exports io.vmm4j.api;
}
