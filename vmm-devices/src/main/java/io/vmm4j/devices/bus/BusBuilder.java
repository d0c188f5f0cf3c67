package io.vmm4j.devices.bus;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Collects the windows of a {@link Bus} and refuses those that overlap. Not thread-safe.
 *
 * <pre>{@code
 * Bus ports = new BusBuilder("port I/O").add("COM1", 0x3f8, 8, serial).build();
 * }</pre>
 */
public final class BusBuilder {

    /** A named window. */
    record Window(String name, BusRange range, BusDevice device) {
    }

    private final String busName;
    private final List<Window> windows = new ArrayList<>();
    private final List<BusRange> probed = new ArrayList<>();

    /** @param busName names the bus in log lines and errors, as in "port I/O" */
    public BusBuilder(String busName) {
        this.busName = Objects.requireNonNull(busName);
    }

    /**
     * Adds a device's window.
     *
     * @param name   names the window in errors
     * @param base   first address, unsigned
     * @param length bytes, 1 or more
     * @throws IllegalArgumentException when the window overlaps one added before; the message names both
     */
    public BusBuilder add(String name, long base, long length, BusDevice device) {
        Window added = new Window(Objects.requireNonNull(name), new BusRange(base, length), Objects.requireNonNull(device));
        Optional<String> other = overlapped(added.range());
        if (other.isPresent()) {
            throw new IllegalArgumentException(busName + ": " + name + " at " + added.range() + " overlaps " + other.get());
        }
        windows.add(added);
        return this;
    }

    /** The first window that {@code range} overlaps, by its name and place: {@code COM1 at 0x3f8..0x3ff}. */
    public Optional<String> overlapped(BusRange range) {
        for (Window window : windows) {
            if (window.range().overlaps(range)) {
                return Optional.of(window.name() + " at " + window.range());
            }
        }
        return Optional.empty();
    }

    /**
     * Says that guests look for a device here, one or not: what no window claims of it is not warned of.
     *
     * @param base   first address, unsigned
     * @param length bytes, 1 or more
     */
    public BusBuilder expectProbes(long base, long length) {
        probed.add(new BusRange(base, length));
        return this;
    }

    /** The bus with all windows added so far. */
    public Bus build() {
        List<Window> sorted = new ArrayList<>(windows);
        // Not Comparator.comparing, whose serializable lambda no class archive keeps: 5 ms at the start.
        sorted.sort((a, b) -> Long.compareUnsigned(a.range().base(), b.range().base()));
        return new Bus(busName, sorted, probed);
    }
}
