package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.virtio.ByteConfigSpace;
import io.vmm4j.devices.virtio.ConfigSpace;

/** struct virtio_console_config, virtio 1.2 section 5.3.4. Thread-safe. */
final class ConsoleConfigSpace implements ConfigSpace {

    private final ByteConfigSpace bytes = new ByteConfigSpace(ConsoleConstants.CONFIG_LENGTH);
    private final EmergencyOutput emergency;

    ConsoleConfigSpace(ConsoleConfig config, EmergencyOutput emergency) {
        this.emergency = emergency;
        setSize(config.cols(), config.rows());
        bytes.put(ConsoleConstants.CONFIG_MAX_NR_PORTS, Integer.BYTES, config.ports().size());
    }

    @Override
    public long read(long offset, int width) {
        return bytes.read(offset, width);
    }

    /** The low byte of emerg_wr is printed, whatever the width of the access. */
    @Override
    public void write(long offset, int width, long value) {
        if (offset == ConsoleConstants.CONFIG_EMERG_WR) {
            emergency.print((int) value & 0xFF);
        }
    }

    @Override
    public int generation() {
        return bytes.generation();
    }

    /** Both at once: a driver that reads between the two sees the generation move. Returns whether that changed them. */
    boolean setSize(int cols, int rows) {
        return bytes.put(ConsoleConstants.CONFIG_COLS, Integer.BYTES, cols | (long) rows << 16);
    }

    /** Has what was printed without queues leave now. On the event loop. */
    void flushEmergency() {
        emergency.flush();
    }

    int cols() {
        return (int) bytes.read(ConsoleConstants.CONFIG_COLS, Short.BYTES);
    }

    int rows() {
        return (int) bytes.read(ConsoleConstants.CONFIG_ROWS, Short.BYTES);
    }
}
