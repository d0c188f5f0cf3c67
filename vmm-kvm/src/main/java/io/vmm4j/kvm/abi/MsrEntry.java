package io.vmm4j.kvm.abi;

/**
 * A model-specific register and its value; {@link KvmMsrs} has the layout.
 *
 * @param index the number, unsigned 32 bits
 * @param data the value
 */
public record MsrEntry(int index, long data) {
}
