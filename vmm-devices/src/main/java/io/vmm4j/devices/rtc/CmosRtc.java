package io.vmm4j.devices.rtc;

import static io.vmm4j.devices.rtc.RtcRegisters.RTC_AF;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_CENTURY;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_DAY_OF_MONTH;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_DAY_OF_WEEK;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_DIV_CTL;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_HOURS;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_HOURS_ALARM;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_IRQF;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_IRQMASK;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_MINUTES;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_MINUTES_ALARM;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_MONTH;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_PF;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_RATE_SELECT;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_REF_CLCK_32KHZ;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_REG_A;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_REG_B;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_REG_C;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_REG_D;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_SECONDS;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_SECONDS_ALARM;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_SET;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_UF;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_UIP;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_VRT;
import static io.vmm4j.devices.rtc.RtcRegisters.RTC_YEAR;

import io.vmm4j.devices.bus.OctetDevice;
import io.vmm4j.devices.irq.InterruptLine;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.util.Objects;

/**
 * The PC's real-time clock and CMOS RAM: an MC146818 (Motorola datasheet MC146818) with 128 bytes and the century at
 * 0x32. The index port at offset 0 is write-only and its bit 7, the NMI mask, has no effect; the data port is at offset 1.
 *
 * <p>Time is the injected wall clock, in UTC, plus what the guest made of it: setting the clock moves an offset and never
 * the host's clock. Daylight saving (DSE) and the square wave (SQWE) are kept and have no effect.
 *
 * <p>The flags of register C are worked out when something looks at them, so a clock without interrupt has them too. With
 * an interrupt one timer waits for the next enabled cause, and none while an interrupt is pending: a guest gets at most
 * one periodic interrupt for each it acknowledges, at the hardware's rates up to 8192 Hz, and missed ones fall together.
 *
 * <p>Registers may be accessed from any thread; one lock guards all state. The timer belongs to the event loop.
 */
public final class CmosRtc implements OctetDevice, AutoCloseable, Stateful {

    /** First I/O port of the window on a PC. */
    public static final int INDEX_PORT = 0x70;
    /** Bytes in the window: index and data. */
    public static final int WINDOW_LENGTH = 2;

    private static final int INDEX_MASK = 0x7f;
    private static final int REG_A_INITIAL = RTC_REF_CLCK_32KHZ | 0x06;
    private static final int REG_B_INITIAL = RtcRegisters.RTC_24H;
    private static final long NANOS_A_SECOND = 1_000_000_000;
    /** UIP before an update (244 microseconds) and during it (1984), with a 32.768 kHz crystal. */
    private static final long UPDATE_NANOS = 2_228_000;

    private final Object lock = new Object();
    private final InterruptLine line;
    private final EventLoop loop;
    private final LoopTimer timer;
    private final Runnable rearm = this::rearm;
    private final CmosMemory memory;
    private final RtcTime time;

    private int index;
    private int registerA = REG_A_INITIAL;
    private int registerB = REG_B_INITIAL;
    /** Register C without what has come about since {@link #checked}. */
    private int flags;
    /** The guest's time up to which {@link #flags} is right. */
    private Instant checked;
    private boolean rearmQueued;

    /**
     * A clock without interrupt.
     *
     * @param wallClock    the host's time
     * @param ramBelow4Gib bytes of guest RAM below 4 GiB, from address 0, for the memory-size bytes
     * @param ramAbove4Gib bytes of guest RAM from 4 GiB up
     */
    public CmosRtc(InstantSource wallClock, long ramBelow4Gib, long ramAbove4Gib) {
        this(wallClock, ramBelow4Gib, ramAbove4Gib, () -> { }, new NoLoop());
    }

    /**
     * A clock with interrupt. Called on the loop's thread, or before the loop runs.
     *
     * @param wallClock    the host's time
     * @param ramBelow4Gib bytes of guest RAM below 4 GiB, from address 0, for the memory-size bytes
     * @param ramAbove4Gib bytes of guest RAM from 4 GiB up
     * @param line         the interrupt (IRQ 8 on a PC), called under the device's lock
     * @param loop         runs the timer
     */
    public CmosRtc(InstantSource wallClock, long ramBelow4Gib, long ramAbove4Gib, InterruptLine line, EventLoop loop) {
        this.time = new RtcTime(Objects.requireNonNull(wallClock));
        this.memory = new CmosMemory(ramBelow4Gib, ramAbove4Gib);
        this.line = Objects.requireNonNull(line);
        this.loop = Objects.requireNonNull(loop);
        this.timer = loop.timer(this::onTimer);
        this.checked = time.now();
    }

    /** Gives the timer back. Called on the loop's thread; registers go on working, without interrupts. */
    @Override
    public void close() {
        timer.close();
    }

    @Override
    public int readOctet(long offset) {
        if (offset != 1) {
            return 0xff;
        }
        synchronized (lock) {
            return readRegister();
        }
    }

    @Override
    public void writeOctet(long offset, int value) {
        synchronized (lock) {
            if (offset == 0) {
                index = value & INDEX_MASK;
            } else if (offset == 1) {
                writeRegister(value & 0xff);
            }
        }
    }

    @Override
    public State saveState() {
        synchronized (lock) {
            collectCauses();
            return State.builder().put("index", index).put("registerA", registerA).put("registerB", registerB).put("flags", flags)
                    .put("checkedSeconds", checked.getEpochSecond()).put("checkedNanos", checked.getNano()).put("memory", memory.toBytes())
                    .put("time", time.saveState()).build();
        }
    }

    /** An alarm of the time in between goes off when it is over: the clock has gone on. */
    @Override
    public void restoreState(State state) throws StateException {
        synchronized (lock) {
            index = state.int32("index", 0, INDEX_MASK);
            registerA = state.int32("registerA", 0, 0xff) & ~RTC_UIP;
            registerB = state.int32("registerB", 0, 0xff);
            flags = state.int32("flags", 0, 0xff) & (RTC_IRQF | RTC_IRQMASK);
            checked = Instant.ofEpochSecond(state.integer("checkedSeconds", -RtcTime.MAX_SECONDS, RtcTime.MAX_SECONDS),
                    state.int32("checkedNanos", 0, RtcTime.MAX_NANOS));
            time.restoreState(state.part("time"));
            memory.fromBytes(state.bytes("memory", CmosMemory.SIZE, CmosMemory.SIZE));
        }
    }

    @Override
    public void afterRestore() {
        synchronized (lock) {
            flags &= ~RTC_IRQF; // what is pending raises its edge again
            catchUp();
            requestRearm();
        }
    }

    private int readRegister() {
        return switch (index) {
            case RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_DAY_OF_WEEK, RTC_DAY_OF_MONTH, RTC_MONTH, RTC_YEAR, RTC_CENTURY -> readTime();
            case RTC_REG_A -> registerA | (isUpdateInProgress() ? RTC_UIP : 0);
            case RTC_REG_B -> registerB;
            case RTC_REG_C -> readFlags();
            case RTC_REG_D -> RTC_VRT;
            default -> memory.get(index);
        };
    }

    private void writeRegister(int value) {
        switch (index) {
            case RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_DAY_OF_WEEK, RTC_DAY_OF_MONTH, RTC_MONTH, RTC_YEAR, RTC_CENTURY -> writeTime(value);
            case RTC_SECONDS_ALARM, RTC_MINUTES_ALARM, RTC_HOURS_ALARM -> {
                catchUp();
                memory.set(index, value);
                requestRearm();
            }
            case RTC_REG_A -> writeControl(value & ~RTC_UIP, registerB);
            case RTC_REG_B -> writeControl(registerA, value);
            case RTC_REG_C, RTC_REG_D -> {
                // Read-only.
            }
            default -> memory.set(index, value);
        }
    }

    /** A stopped clock shows the bytes in CMOS RAM, a running one the time. */
    private int readTime() {
        if (isRunning()) {
            showTime();
        }
        return memory.get(index);
    }

    private void writeTime(int value) {
        boolean running = isRunning();
        if (running) {
            catchUp();
            showTime();
        }
        memory.set(index, value);
        if (running) {
            takeTime();
            requestRearm();
        }
    }

    /** Writes registers A and B: what the time is worth depends on both, in the order old state, change, new state. */
    private void writeControl(int newA, int newB) {
        catchUp();
        boolean wasRunning = isRunning();
        boolean dividerWasRunning = isDividerRunning();
        if (wasRunning) {
            showTime();
        }
        boolean startsSetting = (newB & ~registerB & RTC_SET) != 0;
        registerA = newA;
        // The datasheet has SET clear the update-ended enable.
        registerB = startsSetting ? newB & ~RTC_UF : newB;
        if (!dividerWasRunning && isDividerRunning()) {
            time.restartSecond();
            checked = time.now();
        }
        if (!wasRunning && isRunning()) {
            takeTime();
        }
        updateInterrupt();
        requestRearm();
    }

    private int readFlags() {
        collectCauses();
        // What came about only now is reported by this very read: an edge for it would find the flags clear.
        int value = flags | (hasEnabledCause() ? RTC_IRQF : 0);
        flags = 0;
        requestRearm();
        return value;
    }

    /** Time moves on while the divider runs and SET does not hold updates back. */
    private boolean isRunning() {
        return isDividerRunning() && (registerB & RTC_SET) == 0;
    }

    private boolean isDividerRunning() {
        return (registerA & RTC_DIV_CTL) == RTC_REF_CLCK_32KHZ;
    }

    private boolean isUpdateInProgress() {
        return isRunning() && time.now().getNano() >= NANOS_A_SECOND - UPDATE_NANOS;
    }

    /** Puts the time into the time registers. */
    private void showTime() {
        LocalDateTime now = RtcTime.dateTime(time.now());
        RtcFormat.Fields fields = format().encode(now);
        memory.set(RTC_SECONDS, fields.seconds());
        memory.set(RTC_MINUTES, fields.minutes());
        memory.set(RTC_HOURS, fields.hours());
        memory.set(RTC_DAY_OF_WEEK, format().encode(time.weekday(now)));
        memory.set(RTC_DAY_OF_MONTH, fields.day());
        memory.set(RTC_MONTH, fields.month());
        memory.set(RTC_YEAR, fields.year());
        memory.set(RTC_CENTURY, fields.century());
    }

    /** Sets the time to what the time registers say. */
    private void takeTime() {
        LocalDateTime set = format().decode(new RtcFormat.Fields(memory.get(RTC_SECONDS), memory.get(RTC_MINUTES), memory.get(RTC_HOURS),
            memory.get(RTC_DAY_OF_MONTH), memory.get(RTC_MONTH), memory.get(RTC_YEAR),
            memory.get(RTC_CENTURY)));
        time.set(set);
        time.setWeekday(set, format().decode(memory.get(RTC_DAY_OF_WEEK)));
        checked = time.now();
    }

    /** Brings the flags and the interrupt up to now. */
    private void catchUp() {
        collectCauses();
        updateInterrupt();
    }

    /** Sets the flags of what has come about since the last look. */
    private void collectCauses() {
        Instant now = time.now();
        // After the host's clock went back there is nothing to catch up with.
        if (now.isAfter(checked)) {
            flags |= causesUpTo(now);
        }
        checked = now;
    }

    private int causesUpTo(Instant now) {
        int causes = 0;
        if (isRunning() && now.getEpochSecond() > checked.getEpochSecond()) {
            causes |= RTC_UF;
            causes |= alarm().next(checked).isAfter(now) ? 0 : RTC_AF;
        }
        if (isPeriodic() && !rate().next(checked).isAfter(now)) {
            causes |= RTC_PF;
        }
        return causes;
    }

    private boolean hasEnabledCause() {
        return (flags & registerB & RTC_IRQMASK) != 0;
    }

    /** IRQF follows the enabled causes; one edge when it rises. */
    private void updateInterrupt() {
        if (!hasEnabledCause()) {
            flags &= ~RTC_IRQF;
        } else if ((flags & RTC_IRQF) == 0) {
            flags |= RTC_IRQF;
            line.trigger();
        }
    }

    private void onTimer() {
        synchronized (lock) {
            catchUp();
        }
        rearm();
    }

    /** Has the loop look again at what to wait for; at most one such task waits at a time. */
    private void requestRearm() {
        if (!rearmQueued) {
            rearmQueued = true;
            loop.execute(rearm);
        }
    }

    private void rearm() {
        synchronized (lock) {
            rearmQueued = false;
            // A pending interrupt is level-held until the guest reads register C: nothing more can come before.
            Instant next = (flags & RTC_IRQF) != 0 ? Instant.MAX : nextEnabledCause();
            if (next.equals(Instant.MAX)) {
                timer.disarm();
            } else {
                timer.arm(Math.max(1, Duration.between(time.now(), next).toNanos()));
            }
        }
    }

    /** When the next enabled cause comes about; {@link Instant#MAX} when none is to come. */
    private Instant nextEnabledCause() {
        Instant next = Instant.MAX;
        if (isRunning() && (registerB & RTC_UF) != 0) {
            next = Instant.ofEpochSecond(checked.getEpochSecond() + 1);
        }
        if (isRunning() && (registerB & RTC_AF) != 0) {
            next = earlier(next, alarm().next(checked));
        }
        if (isPeriodic() && (registerB & RTC_PF) != 0) {
            next = earlier(next, rate().next(checked));
        }
        return next;
    }

    private static Instant earlier(Instant one, Instant other) {
        return one.isBefore(other) ? one : other;
    }

    private RtcFormat format() {
        return RtcFormat.of(registerB);
    }

    private RtcAlarm alarm() {
        return RtcAlarm.of(format(), memory.get(RTC_HOURS_ALARM), memory.get(RTC_MINUTES_ALARM), memory.get(RTC_SECONDS_ALARM));
    }

    private boolean isPeriodic() {
        return isDividerRunning() && rate().isOn();
    }

    private RtcRate rate() {
        return new RtcRate(registerA & RTC_RATE_SELECT);
    }
}
