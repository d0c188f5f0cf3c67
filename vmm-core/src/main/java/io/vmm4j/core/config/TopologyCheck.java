package io.vmm4j.core.config;

import java.util.ArrayList;
import java.util.List;

/** The rules for the four numbers of a topology: each in its range, and together just the machine's vCPUs. */
final class TopologyCheck {

    private static final int MAX_THREADS_PER_CORE = 2;

    /** One number of the topology, under its field's name and in words. */
    private record Part(String field, String name, int value, int max) {

        boolean isInRange(int number) {
            return number >= 1 && number <= max;
        }
    }

    private TopologyCheck() {
    }

    static void check(MachineConfig machine, Problems problems) {
        List<Part> parts = List.of(
                new Part("threads_per_core", "threads per core", machine.threadsPerCore(), MAX_THREADS_PER_CORE),
                new Part("cores_per_die", "cores per die", machine.coresPerDie(), MachineConfig.MAX_VCPU_COUNT),
                new Part("dies_per_socket", "dies per socket", machine.diesPerSocket(), MachineConfig.MAX_VCPU_COUNT),
                new Part("sockets", "sockets", machine.sockets(), MachineConfig.MAX_VCPU_COUNT));
        for (Part part : parts) {
            problems.require(part.isInRange(part.value()), MachineConfig.KEY + part.field(),
                    part.name() + " " + part.value() + " is not in 1.." + part.max());
        }
        if (machine.smt()) {
            checkSmt(machine, problems);
        }
        List<Part> said = parts.stream().filter(part -> part.value() != 1).toList();
        boolean isCountClean = problems.isClean(MachineConfig.KEY + "vcpu_count") && problems.isClean(MachineConfig.KEY + "max_vcpu_count");
        if (!said.isEmpty() && !machine.isOneSmtSocket() && isCountClean && parts.stream().allMatch(part -> part.isInRange(part.value()))) {
            checkProduct(machine, parts, said.get(0), problems);
        }
    }

    private static void checkSmt(MachineConfig machine, Problems problems) {
        problems.require(machine.threadsPerCore() != 1, MachineConfig.KEY + "smt", "smt true contradicts threads per core 1");
        requireWholeCores(machine.vcpuCount(), "vcpu count", problems);
        if (!machine.maxVcpuCount().equals(machine.vcpuCount())) {
            requireWholeCores(machine.maxVcpuCount(), "max vcpu count", problems);
        }
    }

    /** Firecracker's rule, which lets 1 pass. */
    private static void requireWholeCores(int count, String what, Problems problems) {
        problems.require(count <= 1 || count % 2 == 0, MachineConfig.KEY + "smt", "smt true goes with 1 vCPU or an even number, and the "
                + what + " is " + count);
    }

    private static void checkProduct(MachineConfig machine, List<Part> parts, Part firstSaid, Problems problems) {
        int max = machine.maxVcpuCount();
        long product = parts.stream().mapToLong(Part::value).reduce(1, (a, b) -> a * b);
        if (product != max) {
            problems.add(MachineConfig.KEY + firstSaid.field(), "a topology of " + describe(machine) + " has " + product
                    + " vCPUs, and the max vcpu count is " + max + ": give " + String.join(", or ", whatWouldFit(machine, parts, product)));
        }
    }

    private static String describe(MachineConfig machine) {
        return machine.threadsPerCore() + " threads per core, " + machine.coresPerDie() + " cores per die, " + machine.diesPerSocket()
                + " dies per socket and " + machine.sockets() + " sockets";
    }

    /** The counts that go with the parts, and each part that would go with the count and the other parts. */
    private static List<String> whatWouldFit(MachineConfig machine, List<Part> parts, long product) {
        int max = machine.maxVcpuCount();
        List<String> fitting = new ArrayList<>();
        if (product <= MachineConfig.MAX_VCPU_COUNT) {
            fitting.add((product < machine.vcpuCount() ? "a vcpu count and a max vcpu count of " : "a max vcpu count of ") + product);
        }
        for (Part part : parts) {
            long others = product / part.value();
            if (max % others == 0 && part.isInRange((int) (max / others))) {
                fitting.add(part.name() + " " + max / others);
            }
        }
        if (fitting.isEmpty()) {
            fitting.add("numbers whose product is " + max);
        }
        return fitting;
    }
}
