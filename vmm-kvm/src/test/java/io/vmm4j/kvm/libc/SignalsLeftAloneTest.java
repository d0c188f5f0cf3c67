package io.vmm4j.kvm.libc;

/** As {@link SignalsTest}, in a JVM that leaves signals alone, as the launcher's does. */
class SignalsLeftAloneTest extends SignalsTest {

    @Override
    String option() {
        return "-Xrs";
    }
}
