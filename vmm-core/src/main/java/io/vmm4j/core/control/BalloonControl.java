package io.vmm4j.core.control;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.balloon.BalloonStatistic;
import io.vmm4j.devices.virtio.balloon.HintingStatus;
import io.vmm4j.devices.virtio.balloon.VirtioBalloon;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The memory balloon of a running machine. Thread-safe.
 *
 * <pre>{@code
 * vm.balloon().setTargetMib(512).join();
 * while (vm.balloon().actualMib() < 512) { ... }
 * }</pre>
 */
public final class BalloonControl {

    private static final long PAGES_PER_MIB = 256;

    private final DeviceLoop loop;
    private final VirtioBalloon device;
    private final long memSizeMib;

    /**
     * @param loop       owns {@code device}
     * @param device     the balloon
     * @param memSizeMib the guest's RAM, in MiB
     */
    public BalloonControl(EventLoop loop, VirtioBalloon device, long memSizeMib) {
        this(new DeviceLoop(loop), device, memSizeMib);
    }

    /** As the other constructor, with the loop's answers given by a machine's own threads. */
    public BalloonControl(DeviceLoop loop, VirtioBalloon device, long memSizeMib) {
        this.loop = loop;
        this.device = device;
        this.memSizeMib = memSizeMib;
    }

    /**
     * Asks the guest to give up so much memory in all. It does when it can; {@link #actualMib} tells how far it is.
     *
     * @param mib 0 to the guest's RAM
     * @throws IllegalArgumentException when it is not in that range
     */
    public CompletableFuture<Void> setTargetMib(long mib) {
        if (mib < 0 || mib > memSizeMib) {
            throw new IllegalArgumentException("balloon of " + mib + " MiB is not in 0.." + memSizeMib + ", the guest's memory");
        }
        return loop.run(() -> device.setTargetPages(mib * PAGES_PER_MIB));
    }

    /** Memory that the guest shall give up, in MiB. */
    public long targetMib() {
        return device.targetPages() / PAGES_PER_MIB;
    }

    /** Memory that the guest says it has given up, in whole MiB. */
    public long actualMib() {
        return device.actualPages() / PAGES_PER_MIB;
    }

    /** Memory that the guest says it has given up, in pages of 4 KiB. */
    public long actualPages() {
        return device.actualPages();
    }

    /** Bytes that went back to the host so far: by the balloon, and as free pages that were hinted at or reported. */
    public long discardedBytes() {
        return device.discardedBytes();
    }

    /** Whether a driver is using the balloon. */
    public boolean isActive() {
        return device.isActive();
    }

    /** The guest's memory statistics of the last poll; empty before the first, and without polling. Values are unsigned. */
    public Map<BalloonStatistic, Long> statistics() {
        return device.statistics();
    }

    /**
     * Changes how often statistics are polled.
     *
     * @param seconds 1 to 65535
     * @return fails with {@link IllegalStateException} when the balloon was configured without statistics, and with
     *     {@link IllegalArgumentException} when the number is not in that range
     */
    public CompletableFuture<Void> setStatisticsInterval(int seconds) {
        return loop.run(() -> device.setStatisticsInterval(seconds));
    }

    /**
     * Asks the guest to name free pages, whose memory goes back to the host.
     *
     * @param acknowledgeOnStop whether the guest may use the pages again as soon as it has named all; else after
     *                          {@link #stopHinting}
     * @return false when no driver is there to ask; fails with {@link IllegalStateException} when the balloon was
     *     configured without hinting
     */
    public CompletableFuture<Boolean> startHinting(boolean acknowledgeOnStop) {
        return loop.submit(() -> device.startHinting(acknowledgeOnStop));
    }

    /** Ends hinting and lets the guest use the pages again; fails as {@link #startHinting} does. */
    public CompletableFuture<Void> stopHinting() {
        return loop.run(device::stopHinting);
    }

    /** How far hinting is; fails as {@link #startHinting} does. */
    public CompletableFuture<HintingStatus> hintingStatus() {
        return loop.submit(device::hintingStatus);
    }
}
