package io.vmm4j.core.boot;

import java.nio.ByteBuffer;

/**
 * The setup header of a bzImage (Linux x86 boot protocol, "The Real-Mode Kernel Header"): the part of the zero page
 * that the kernel image brings itself. Immutable.
 */
public final class SetupHeader {

    /** File offset of the header, and its offset in the zero page. */
    static final int OFFSET = 0x1f1;
    /** Bytes of a bzImage that hold the header's fields up to protocol 2.12 and those used here. */
    static final int MIN_IMAGE = 0x264;
    /** End of the room for the header in the zero page. */
    static final int MAX_END = 0x290;

    /** Size of the setup code in sectors of 512 bytes; 0 stands for 4. */
    static final int SETUP_SECTS = 0x1f1;
    /** Size of the protected-mode code in units of 16 bytes. */
    static final int SYSSIZE = 0x1f4;
    /** 0xAA55. */
    static final int BOOT_FLAG = 0x1fe;
    /** A short jump; its displacement, at 0x201, gives the header's end. */
    static final int JUMP = 0x200;
    /** "HdrS". */
    static final int HEADER = 0x202;
    /** Boot protocol version, major in the high byte. */
    static final int VERSION = 0x206;
    /** Boot loader id. */
    static final int TYPE_OF_LOADER = 0x210;
    /** {@link #LOADED_HIGH}. */
    static final int LOADFLAGS = 0x211;
    static final int RAMDISK_IMAGE = 0x218;
    static final int RAMDISK_SIZE = 0x21c;
    static final int CMD_LINE_PTR = 0x228;
    /** Highest address of the initrd's last byte. */
    static final int INITRD_ADDR_MAX = 0x22c;
    static final int KERNEL_ALIGNMENT = 0x230;
    /** {@link #XLF_KERNEL_64}, {@link #XLF_CAN_BE_LOADED_ABOVE_4G}. */
    static final int XLOADFLAGS = 0x236;
    /** Longest command line without its end mark. */
    static final int CMDLINE_SIZE = 0x238;
    /** Where the kernel would like to run. */
    static final int PREF_ADDRESS = 0x258;
    /** RAM that the kernel takes from where it runs on. */
    static final int INIT_SIZE = 0x260;

    /** {@link #BOOT_FLAG}'s value. */
    static final int BOOT_FLAG_VALUE = 0xAA55;
    /** {@link #HEADER}'s value, "HdrS". */
    static final int HEADER_VALUE = 0x53726448;
    /** {@link #VERSION}: the first with {@link #XLOADFLAGS}. */
    static final int VERSION_2_12 = 0x020c;
    /** {@link #LOADFLAGS}: the protected-mode code goes to 1 MiB. */
    static final int LOADED_HIGH = 1;
    /** {@link #XLOADFLAGS}: has a 64-bit entry point at 0x200. */
    static final int XLF_KERNEL_64 = 1;
    /** {@link #XLOADFLAGS}: kernel, zero page, command line and initrd may lie above 4 GiB. */
    static final int XLF_CAN_BE_LOADED_ABOVE_4G = 2;

    private static final int DEFAULT_SETUP_SECTS = 4;
    private static final int SECTOR = 512;
    private static final int PARAGRAPH = 16;
    private static final int BYTE_MASK = 0xFF;

    private final ByteBuffer image;

    /** @param image the first {@link #MIN_IMAGE} bytes or more of a bzImage, little-endian; not to be changed */
    SetupHeader(ByteBuffer image) {
        this.image = image;
    }

    /** Whether the bytes are a bzImage's at all. */
    static boolean isPresent(ByteBuffer image) {
        return image.limit() >= VERSION + Short.BYTES && u16(image, BOOT_FLAG) == BOOT_FLAG_VALUE && image.getInt(HEADER) == HEADER_VALUE;
    }

    /** Boot protocol version, such as 0x020f for 2.15. */
    public int version() {
        return u16(image, VERSION);
    }

    /** Whether the kernel can be entered in long mode. */
    boolean hasEntry64() {
        return (u16(image, XLOADFLAGS) & XLF_KERNEL_64) != 0;
    }

    /** Whether the protected-mode code goes to 1 MiB, as every bzImage's does. */
    boolean isLoadedHigh() {
        return (image.get(LOADFLAGS) & LOADED_HIGH) != 0;
    }

    /** File offset of the protected-mode code. */
    long payloadOffset() {
        int sectors = image.get(SETUP_SECTS) & BYTE_MASK;
        return (long) ((sectors == 0 ? DEFAULT_SETUP_SECTS : sectors) + 1) * SECTOR;
    }

    /** Bytes of protected-mode code. */
    long payloadSize() {
        return u32(SYSSIZE) * PARAGRAPH;
    }

    /** Where the kernel would like to run, an unsigned address. */
    long prefAddress() {
        return image.getLong(PREF_ADDRESS);
    }

    /** Alignment of the address where the kernel runs, in bytes. */
    long kernelAlignment() {
        return u32(KERNEL_ALIGNMENT);
    }

    /** RAM that the kernel takes from where it runs on, in bytes. */
    long initSize() {
        return u32(INIT_SIZE);
    }

    /** Longest command line, in bytes without the end mark. */
    public long commandLineSize() {
        return u32(CMDLINE_SIZE);
    }

    /** The highest address the last byte of an initrd may have. */
    public long initrdAddressMax() {
        boolean anywhere = (u16(image, XLOADFLAGS) & XLF_CAN_BE_LOADED_ABOVE_4G) != 0;
        return anywhere ? Long.MAX_VALUE : u32(INITRD_ADDR_MAX);
    }

    /** The header's bytes, which belong at {@link #OFFSET} in the zero page. */
    byte[] bytes() {
        int end = HEADER + (image.get(JUMP + 1) & BYTE_MASK);
        int length = Math.min(Math.max(end, MIN_IMAGE), Math.min(MAX_END, image.limit())) - OFFSET;
        byte[] bytes = new byte[length];
        image.get(OFFSET, bytes);
        return bytes;
    }

    private long u32(int offset) {
        return Integer.toUnsignedLong(image.getInt(offset));
    }

    private static int u16(ByteBuffer image, int offset) {
        return Short.toUnsignedInt(image.getShort(offset));
    }
}
