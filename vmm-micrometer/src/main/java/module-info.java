/** The numbers of virtual machines as Micrometer's meters: {@link io.vmm4j.micrometer.VmMeters}. */
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"}) // Micrometer's jar has a name and no descriptor
module io.vmm4j.micrometer {
    requires transitive io.vmm4j.core;
    requires transitive micrometer.core;

    exports io.vmm4j.micrometer;
}
