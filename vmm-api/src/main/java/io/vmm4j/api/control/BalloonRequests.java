package io.vmm4j.api.control;

import io.vmm4j.api.request.ApiException;
import io.vmm4j.api.request.BalloonStatsUpdateBody;
import io.vmm4j.api.request.BalloonUpdateBody;
import io.vmm4j.api.request.HintingBody;
import io.vmm4j.core.Vm;
import io.vmm4j.core.control.BalloonControl;
import io.vmm4j.devices.virtio.balloon.BalloonStatistic;
import io.vmm4j.devices.virtio.balloon.HintingStatus;
import java.util.Locale;
import java.util.Map;

/** What requests do to the balloon of a machine that runs. Confined to the API's thread. */
final class BalloonRequests {

    private static final String NOT_FOUND = "Failed perform action on device: Device not found";
    private static final String NOT_ACTIVE = "Balloon: Device not activated yet.";
    private static final long PAGES_PER_MIB = 256;

    private final Resources resources;
    private final Vm vm;

    BalloonRequests(Resources resources, Vm vm) {
        this.resources = resources;
        this.vm = vm;
    }

    private static ApiException refused(String why) {
        return new ApiException("Balloon update error: " + why);
    }

    private BalloonControl control() throws ApiException {
        if (resources.balloon == null) {
            throw refused(NOT_FOUND);
        }
        return vm.balloon();
    }

    void update(BalloonUpdateBody body) throws ApiException {
        BalloonControl control = control();
        if (!control.isActive()) {
            throw refused(NOT_ACTIVE);
        }
        if (body.amountMib() > resources.machine.memSizeMib()) {
            throw refused("Balloon: Requested memory should be less than " + body.amountMib() + "MiB");
        }
        RuntimeController.await(control.setTargetMib(body.amountMib()));
        resources.balloon = RuntimeController.changed(resources.balloon, body.amountMib(), resources.balloon.statsPollingIntervalS());
    }

    void updateStatistics(BalloonStatsUpdateBody body) throws ApiException {
        BalloonControl control = control();
        long before = resources.balloon.statsPollingIntervalS();
        long next = body.statsPollingIntervalS();
        if (before == next) {
            return;
        }
        if (before == 0 || next == 0) {
            throw refused("Balloon: Statistics cannot be enabled/disabled after activation.");
        }
        RuntimeController.await(control.setStatisticsInterval((int) next));
        resources.balloon = RuntimeController.changed(resources.balloon, resources.balloon.amountMib(), next);
    }

    String statistics() throws ApiException {
        if (resources.balloon == null) {
            throw RuntimeController.internal(NOT_FOUND);
        }
        if (resources.balloon.statsPollingIntervalS() == 0) {
            throw RuntimeController.internal("Balloon: Received stats query when stats are disabled.");
        }
        BalloonControl control = vm.balloon();
        JsonText json = new JsonText();
        json.begin();
        json.field("target_pages", control.targetMib() * PAGES_PER_MIB);
        json.field("actual_pages", control.actualPages());
        json.field("target_mib", control.targetMib());
        json.field("actual_mib", control.actualMib());
        Map<BalloonStatistic, Long> statistics = control.statistics();
        for (BalloonStatistic statistic : BalloonStatistic.values()) {
            Long value = statistics.get(statistic);
            if (value != null) {
                json.field(statistic.name().toLowerCase(Locale.ROOT), value);
            }
        }
        json.end();
        return json.toString();
    }

    private BalloonControl hinting() throws ApiException {
        BalloonControl control = control();
        if (!resources.balloon.freePageHinting()) {
            throw refused("Balloon: Attempting to use hinting when not enabled");
        }
        return control;
    }

    void startHinting(HintingBody body) throws ApiException {
        if (!RuntimeController.await(hinting().startHinting(body.acknowledgeOnStop()))) {
            throw refused(NOT_ACTIVE);
        }
    }

    void stopHinting() throws ApiException {
        BalloonControl control = hinting();
        if (!control.isActive()) {
            throw refused(NOT_ACTIVE);
        }
        RuntimeController.await(control.stopHinting());
    }

    String hintingStatus() throws ApiException {
        HintingStatus status = RuntimeController.await(hinting().hintingStatus());
        JsonText json = new JsonText();
        json.begin();
        json.field("host_cmd", status.hostCommand());
        json.field("guest_cmd", status.guestCommand().isPresent() ? Long.valueOf(status.guestCommand().getAsLong()) : null);
        json.end();
        return json.toString();
    }
}
