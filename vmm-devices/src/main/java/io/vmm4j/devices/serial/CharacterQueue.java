package io.vmm4j.devices.serial;

import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;

/**
 * A bounded queue of characters with their line status errors, whose memory comes as they do: most ports of most machines take no input.
 * Guarded by the UART's lock.
 *
 * <pre>
 * element:  bits 15..8  line status bits that came with the character (UART_LSR_PE, _FE, _BI)
 *           bits  7..0  the character
 * </pre>
 */
final class CharacterQueue {

    private static final int STATUS_SHIFT = 8;

    private static final int FIRST_SIZE = 16;

    private final int capacity;
    private char[] elements;
    private int head;
    private int size;
    private int withErrors;

    /** @param capacity characters, 1 or more */
    CharacterQueue(int capacity) {
        this.capacity = capacity;
        this.elements = new char[Math.min(capacity, FIRST_SIZE)];
    }

    int size() {
        return size;
    }

    int capacity() {
        return capacity;
    }

    int room() {
        return capacity - size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** What waits, oldest first: two bytes an element, little-endian. */
    byte[] toBytes() {
        byte[] bytes = new byte[Character.BYTES * size];
        for (int i = 0; i < size; i++) {
            char element = elements[index(i)];
            bytes[Character.BYTES * i] = (byte) element;
            bytes[Character.BYTES * i + 1] = (byte) (element >>> STATUS_SHIFT);
        }
        return bytes;
    }

    /** Becomes what {@link #toBytes} told. */
    void restore(State state, String name, int most) throws StateException {
        byte[] bytes = state.bytes(name, 0, Character.BYTES * most);
        if (bytes.length % Character.BYTES != 0) {
            throw new StateException(name + " has " + bytes.length + " bytes, not two a character");
        }
        clear();
        for (int i = 0; i < bytes.length; i += Character.BYTES) {
            int errors = Byte.toUnsignedInt(bytes[i + 1]);
            if ((errors & ~SerialRegisters.UART_LSR_CHARACTER_ERRORS) != 0) {
                throw new StateException(name + " has a character with line status 0x" + Integer.toHexString(errors));
            }
            add(Byte.toUnsignedInt(bytes[i]), errors);
        }
    }

    /** True when a character in the queue still carries an error. */
    boolean hasErrors() {
        return withErrors > 0;
    }

    /** Adds a character; there must be room. */
    void add(int octet, int errors) {
        makeRoom(1);
        elements[index(size)] = (char) (errors << STATUS_SHIFT | octet);
        size++;
        withErrors += errors == 0 ? 0 : 1;
    }

    /** Moves the oldest character of {@code source} here, errors and all; there must be one, and room. */
    void takeFrom(CharacterQueue source) {
        int errors = source.takeHeadErrors();
        add(source.poll(), errors);
    }

    /** Moves everything of {@code source} in front of what waits here, in its order; there must be room. */
    void putBackAll(CharacterQueue source) {
        makeRoom(source.size);
        while (source.size > 0) {
            source.size--;
            head = head == 0 ? elements.length - 1 : head - 1;
            elements[head] = source.elements[source.index(source.size)];
            size++;
        }
        withErrors += source.withErrors;
        source.clear();
    }

    /** Takes the errors off the oldest character; 0 when the queue is empty. */
    int takeHeadErrors() {
        if (size == 0 || elements[head] >>> STATUS_SHIFT == 0) {
            return 0;
        }
        int errors = elements[head] >>> STATUS_SHIFT;
        elements[head] = (char) (elements[head] & 0xff);
        withErrors--;
        return errors;
    }

    /** Removes the oldest character, 0 to 0xff; there must be one, and its errors must have been taken. */
    int poll() {
        int octet = elements[head] & 0xff;
        head = index(1);
        size--;
        return octet;
    }

    void clear() {
        head = 0;
        size = 0;
        withErrors = 0;
    }

    /** Has memory for {@code more}, which the capacity allows. */
    private void makeRoom(int more) {
        if (size + more <= elements.length) {
            return;
        }
        char[] larger = new char[Math.min(capacity, Math.max(size + more, 2 * elements.length))];
        for (int i = 0; i < size; i++) {
            larger[i] = elements[index(i)];
        }
        elements = larger;
        head = 0;
    }

    private int index(int position) {
        int index = head + position;
        return index < elements.length ? index : index - elements.length;
    }
}
