package io.vmm4j.core.cpu;

import java.util.Objects;
import java.util.stream.IntStream;

/**
 * How a machine's vCPUs are grouped. An APIC id is the numbers of socket, die, core and thread in fields of whole bits,
 * so ids leave gaps where a number is not a power of two.
 *
 * @param threadsPerCore 1 or more
 * @param coresPerDie    1 or more
 * @param diesPerSocket  1 or more
 * @param sockets        1 or more
 */
public record CpuTopology(int threadsPerCore, int coresPerDie, int diesPerSocket, int sockets) {

    /** The highest APIC id that fits the 8 bits of an xAPIC's; 255 is its broadcast. */
    public static final int MAX_XAPIC_ID = 254;

    /** @throws IllegalArgumentException when a number is below 1 */
    public CpuTopology {
        if (threadsPerCore < 1 || coresPerDie < 1 || diesPerSocket < 1 || sockets < 1) {
            throw new IllegalArgumentException("topology of " + threadsPerCore + " threads, " + coresPerDie + " cores, " + diesPerSocket
                    + " dies, " + sockets + " sockets: all must be at least 1");
        }
    }

    @Override
    public int hashCode() {
        return Objects.hash(threadsPerCore, coresPerDie, diesPerSocket, sockets);
    }

    /** One socket with {@code vcpus} cores of one thread. */
    public static CpuTopology oneSocket(int vcpus) {
        return new CpuTopology(1, vcpus, 1, 1);
    }

    /** How many vCPUs there can be. */
    public int vcpus() {
        return threadsPerSocket() * sockets;
    }

    /** Threads in all cores of a socket. */
    public int threadsPerSocket() {
        return threadsPerCore * coresPerDie * diesPerSocket;
    }

    /** Bits of an APIC id below the core's number. */
    int coreShift() {
        return bitsFor(threadsPerCore);
    }

    /** Bits of an APIC id below the die's number. */
    int dieShift() {
        return coreShift() + bitsFor(coresPerDie);
    }

    /** Bits of an APIC id below the socket's number. */
    int socketShift() {
        return dieShift() + bitsFor(diesPerSocket);
    }

    /** The die that a vCPU is on, counted over the machine. */
    int dieOf(int vcpu) {
        return vcpu / (threadsPerCore * coresPerDie);
    }

    /**
     * The APIC id of a vCPU.
     *
     * @param vcpu index, from 0
     */
    public int apicId(int vcpu) {
        int thread = vcpu % threadsPerCore;
        int core = vcpu / threadsPerCore % coresPerDie;
        int die = dieOf(vcpu) % diesPerSocket;
        int socket = vcpu / threadsPerSocket();
        return socket << socketShift() | die << dieShift() | core << coreShift() | thread;
    }

    /** Whether the machine has ids that only an x2APIC can have. */
    public boolean needsX2Apic() {
        return apicId(vcpus() - 1) > MAX_XAPIC_ID;
    }

    /** The APIC ids of the first {@code count} vCPUs. */
    public int[] apicIds(int count) {
        return IntStream.range(0, count).map(this::apicId).toArray();
    }

    private static int bitsFor(int count) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(count - 1);
    }
}
