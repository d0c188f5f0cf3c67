package io.vmm4j.devices.memory;

/**
 * A guest gave an address range that is not wholly guest RAM. The guest's fault: checked, without a stack trace, and
 * stopped at the device that meets it.
 */
public final class GuestMemoryException extends Exception {

    private static final long serialVersionUID = 1L;

    private final long gpa;
    private final long length;

    /**
     * @param gpa    first byte of the range, guest-physical
     * @param length bytes in the range, unsigned
     */
    public GuestMemoryException(long gpa, long length) {
        super("no guest RAM for 0x" + Long.toHexString(length) + " bytes at 0x" + Long.toHexString(gpa), null, false, false);
        this.gpa = gpa;
        this.length = length;
    }

    /** First byte of the refused range, guest-physical. */
    public long gpa() {
        return gpa;
    }

    /** Bytes in the refused range, unsigned. */
    public long length() {
        return length;
    }
}
