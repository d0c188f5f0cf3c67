package io.vmm4j.core.acpi;

import io.vmm4j.core.boot.TableBytes;

/**
 * Encodes the executable part of ACPI machine language (ACPI 6.5, chapter 20): methods, what is in them, and the registers
 * they reach. As in {@link Aml}, each method gives the bytes of one term.
 */
final class AmlCode {

    /** 20.2.6.1 Arg Objects: the first argument of a method; the others follow. */
    static final byte[] ARG0 = {0x68};
    static final byte[] ARG1 = {0x69};
    static final byte[] ARG2 = {0x6A};
    /** 20.2.6.2 Local Objects: the first variable of a method. */
    static final byte[] LOCAL0 = {0x60};
    static final byte[] LOCAL1 = {0x61};

    /** 20.2.5.2 FieldFlags, access type: the register's width. */
    static final int BYTE_ACCESS = 1;
    static final int DWORD_ACCESS = 3;

    private static final int METHOD_OP = 0x14;
    private static final int SERIALIZED = 1 << 3;
    private static final int STORE_OP = 0x70;
    private static final int INCREMENT_OP = 0x75;
    private static final int DECREMENT_OP = 0x76;
    private static final int AND_OP = 0x7B;
    private static final int SHIFT_RIGHT_OP = 0x7A;
    private static final int NOTIFY_OP = 0x86;
    private static final int EQUAL_OP = 0x93;
    private static final int IF_OP = 0xA0;
    private static final int ELSE_OP = 0xA1;
    private static final int WHILE_OP = 0xA2;
    private static final int RETURN_OP = 0xA4;
    private static final int BREAK_OP = 0xA5;
    private static final int MUTEX_OP = 0x01;
    private static final int ACQUIRE_OP = 0x23;
    private static final int RELEASE_OP = 0x27;
    private static final int LOAD_OP = 0x20;
    private static final int REGION_OP = 0x80;
    private static final int FIELD_OP = 0x81;
    private static final int SYSTEM_MEMORY = 0;
    private static final int SYSTEM_IO = 1;
    private static final int NO_TARGET = 0;
    private static final int WAIT_FOR_EVER = 0xFFFF;
    private static final int SEGMENT_LENGTH = 4;
    private static final int FIELD_BITS_MAX = 0x3F;

    private AmlCode() {
    }

    /** 20.2.5.2 DefMethod, serialized: one thread at a time is in it. */
    static byte[] method(String name, int arguments, byte[]... terms) {
        byte[] body = Aml.join(Aml.path(name), Aml.bytes(SERIALIZED | arguments), Aml.join(terms));
        return Aml.join(Aml.bytes(METHOD_OP), Aml.withPkgLength(body));
    }

    /** 20.2.5.4 MethodInvocation: {@code name (arguments)}. */
    static byte[] call(String name, byte[]... arguments) {
        return Aml.join(Aml.path(name), Aml.join(arguments));
    }

    /** 20.2.5.2 DefOpRegion: I/O ports, as {@code OperationRegion (name, SystemIO, port, length)}. */
    static byte[] ports(String name, int port, int length) {
        return region(name, SYSTEM_IO, port, length);
    }

    /** 20.2.5.2 DefOpRegion: memory, as {@code OperationRegion (name, SystemMemory, address, length)}. */
    static byte[] memory(String name, long address, int length) {
        return region(name, SYSTEM_MEMORY, address, length);
    }

    private static byte[] region(String name, int space, long offset, int length) {
        return Aml.join(Aml.bytes(Aml.EXT_OP_PREFIX, REGION_OP), Aml.path(name), Aml.bytes(space), Aml.integer(offset), Aml.integer(length));
    }

    /**
     * 20.2.5.3 DefLoad: {@code Load (region, target)}, which adds the table in a region of memory to the namespace.
     *
     * @param target a named integer; takes whether it went well, or with interpreters before ACPI 6.4 a handle
     */
    static byte[] load(String region, String target) {
        return Aml.join(Aml.bytes(Aml.EXT_OP_PREFIX, LOAD_OP), Aml.path(region), Aml.path(target));
    }

    /**
     * 20.2.5.2 DefField: the registers of a region, one behind the other.
     *
     * @param access {@link #BYTE_ACCESS} or {@link #DWORD_ACCESS}
     * @param bits   in each register, at most 63
     * @param names  of the registers, four characters each
     */
    static byte[] registers(String region, int access, int bits, String... names) {
        if (bits > FIELD_BITS_MAX) {
            throw new IllegalArgumentException("a register of " + bits + " bits");
        }
        TableBytes fields = new TableBytes().bytes(Aml.path(region)).u8(access);
        for (String name : names) {
            fields.ascii(name, SEGMENT_LENGTH, '_').u8(bits);
        }
        return Aml.join(Aml.bytes(Aml.EXT_OP_PREFIX, FIELD_OP), Aml.withPkgLength(fields.toByteArray()));
    }

    /** 20.2.5.2 DefMutex. */
    static byte[] mutex(String name) {
        return Aml.join(Aml.bytes(Aml.EXT_OP_PREFIX, MUTEX_OP), Aml.path(name), Aml.bytes(0));
    }

    /** {@code terms} while {@code mutex} is held. */
    static byte[] locked(String mutex, byte[]... terms) {
        byte[] acquire = new TableBytes().u8(Aml.EXT_OP_PREFIX).u8(ACQUIRE_OP).bytes(Aml.path(mutex)).u16(WAIT_FOR_EVER).toByteArray();
        return Aml.join(acquire, Aml.join(terms), Aml.bytes(Aml.EXT_OP_PREFIX, RELEASE_OP), Aml.path(mutex));
    }

    /** 20.2.5.4 DefStore: {@code target = value}. */
    static byte[] store(byte[] value, byte[] target) {
        return Aml.join(Aml.bytes(STORE_OP), value, target);
    }

    /** 20.2.5.4 DefIncrement: {@code name++}. */
    static byte[] increment(String name) {
        return Aml.join(Aml.bytes(INCREMENT_OP), Aml.path(name));
    }

    /** 20.2.5.4 DefDecrement: {@code name--}. */
    static byte[] decrement(String name) {
        return Aml.join(Aml.bytes(DECREMENT_OP), Aml.path(name));
    }

    /** 20.2.5.4 DefAnd, as an expression. */
    static byte[] and(byte[] left, long mask) {
        return Aml.join(Aml.bytes(AND_OP), left, Aml.integer(mask), Aml.bytes(NO_TARGET));
    }

    /** 20.2.5.4 DefShiftRight: {@code target = value >> bits}. */
    static byte[] shiftRight(byte[] value, int bits, byte[] target) {
        return Aml.join(Aml.bytes(SHIFT_RIGHT_OP), value, Aml.integer(bits), target);
    }

    /** 20.2.5.4 DefLEqual. */
    static byte[] equal(byte[] left, byte[] right) {
        return Aml.join(Aml.bytes(EQUAL_OP), left, right);
    }

    /** 20.2.5.3 DefIfElse, without the second part. */
    static byte[] when(byte[] condition, byte[]... terms) {
        return Aml.join(Aml.bytes(IF_OP), Aml.withPkgLength(Aml.join(condition, Aml.join(terms))));
    }

    /** 20.2.5.3 DefElse, right behind {@link #when}. */
    static byte[] otherwise(byte[]... terms) {
        return Aml.join(Aml.bytes(ELSE_OP), Aml.withPkgLength(Aml.join(terms)));
    }

    /** 20.2.5.3 DefWhile without an end, but for {@link #leaveLoop}. */
    static byte[] loop(byte[]... terms) {
        return Aml.join(Aml.bytes(WHILE_OP), Aml.withPkgLength(Aml.join(Aml.integer(1), Aml.join(terms))));
    }

    /** 20.2.5.3 DefBreak. */
    static byte[] leaveLoop() {
        return Aml.bytes(BREAK_OP);
    }

    /** 20.2.5.3 DefReturn. */
    static byte[] giveBack(byte[] value) {
        return Aml.join(Aml.bytes(RETURN_OP), value);
    }

    /** 20.2.5.3 DefNotify: {@code Notify (device, value)}. */
    static byte[] notify(String device, byte[] value) {
        return Aml.join(Aml.bytes(NOTIFY_OP), Aml.path(device), value);
    }
}
