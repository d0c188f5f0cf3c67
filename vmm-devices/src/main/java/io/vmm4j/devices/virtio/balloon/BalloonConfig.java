package io.vmm4j.devices.virtio.balloon;

/**
 * What is chosen about a balloon.
 *
 * @param targetPages          pages of 4 KiB wanted in it at first, 0 to 2^32 - 1
 * @param deflateOnOom         whether the guest may take pages back when it runs out of memory
 * @param statsIntervalSeconds seconds between two requests for statistics, 1 to 65535; 0 = no statistics
 * @param freePageHinting      whether the host can ask for hints at free pages
 * @param freePageReporting    whether the guest gives free pages back by itself
 */
public record BalloonConfig(long targetPages, boolean deflateOnOom, int statsIntervalSeconds, boolean freePageHinting,
        boolean freePageReporting) {

    static final long MAX_PAGES = 0xFFFF_FFFFL;
    static final int MAX_INTERVAL_SECONDS = 0xFFFF;

    /** @throws IllegalArgumentException when a bound above is broken */
    public BalloonConfig {
        checkTarget(targetPages);
        if (statsIntervalSeconds < 0 || statsIntervalSeconds > MAX_INTERVAL_SECONDS) {
            throw new IllegalArgumentException(
                "balloon statistics interval of " + statsIntervalSeconds + " s is not within 0 to " + MAX_INTERVAL_SECONDS);
        }
    }

    static void checkTarget(long pages) {
        if (pages < 0 || pages > MAX_PAGES) {
            throw new IllegalArgumentException("balloon target of " + pages + " pages is not within 0 to " + MAX_PAGES);
        }
    }
}
