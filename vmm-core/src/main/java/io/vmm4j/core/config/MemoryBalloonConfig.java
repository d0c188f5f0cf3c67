package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A memory balloon ({@code balloon}).
 *
 * @param amountMib             memory the guest shall give up at first, in MiB, at most all it has; default 0
 * @param deflateOnOom          whether the guest may take memory back when it runs out; default false
 * @param statsPollingIntervalS seconds between two looks at the guest's memory statistics, to 65535; 0, the default, = none
 * @param freePageHinting       whether the guest can be asked to name free pages; default false
 * @param freePageReporting     whether the guest gives free pages back by itself; default false
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryBalloonConfig(
        @JsonProperty("amount_mib") Long amountMib,
        @JsonProperty("deflate_on_oom") Boolean deflateOnOom,
        @JsonProperty("stats_polling_interval_s") Integer statsPollingIntervalS,
        @JsonProperty("free_page_hinting") Boolean freePageHinting,
        @JsonProperty("free_page_reporting") Boolean freePageReporting) {

    /** The longest interval between two looks at the statistics, in seconds. */
    public static final int MAX_STATS_INTERVAL = 65535;

    public MemoryBalloonConfig {
        amountMib = amountMib == null ? Long.valueOf(0) : amountMib;
        deflateOnOom = deflateOnOom != null && deflateOnOom;
        statsPollingIntervalS = statsPollingIntervalS == null ? Integer.valueOf(0) : statsPollingIntervalS;
        freePageHinting = freePageHinting != null && freePageHinting;
        freePageReporting = freePageReporting != null && freePageReporting;
    }

    /** A balloon that is empty at first and has nothing optional. */
    public static MemoryBalloonConfig empty() {
        return new MemoryBalloonConfig(null, null, null, null, null);
    }

    void check(long memSizeMib, Problems problems) {
        problems.require(amountMib >= 0 && amountMib <= memSizeMib, "balloon.amount_mib",
                "balloon of " + amountMib + " MiB is not in 0.." + memSizeMib + ", the guest's memory");
        problems.require(statsPollingIntervalS >= 0 && statsPollingIntervalS <= MAX_STATS_INTERVAL,
                "balloon.stats_polling_interval_s",
                "statistics interval " + statsPollingIntervalS + " s is not in 0.." + MAX_STATS_INTERVAL);
    }
}
