/** Uses the libraries as modules. */
module io.vmm4j.examples {
    requires io.vmm4j.core;
    requires io.vmm4j.micrometer;
}
