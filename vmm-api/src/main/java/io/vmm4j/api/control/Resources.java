package io.vmm4j.api.control;

import io.vmm4j.api.request.BalloonBody;
import io.vmm4j.api.request.CpuConfigBody;
import io.vmm4j.api.request.RateLimiterBody;
import io.vmm4j.api.request.SerialBody;

/**
 * All that a machine is to be, or is: collected before it starts, and kept up to date afterwards. Owns what is open for it.
 * Confined to the API's thread.
 */
final class Resources implements AutoCloseable {

    MachineSettings machine = MachineSettings.DEFAULT;
    /** {@code null} = CPUs as they are. */
    CpuConfigBody cpuConfig;
    /** {@code null} before there is one. */
    BootSource bootSource;
    final Drives drives = new Drives();
    final Networks networks = new Networks();
    /** {@code null} without one. */
    Vsock vsock;
    /** {@code null} without one. */
    BalloonBody balloon;
    boolean hasEntropy;
    /** Those of the entropy device, {@code null} without. */
    RateLimiterBody entropyLimits;
    SerialBody serial = new SerialBody(null, null);

    /** {@code GET /vm/config}: what a configuration file holds. */
    String toJson() {
        JsonText json = new JsonText();
        json.begin();
        writeBalloon(json);
        json.beginList("drives");
        for (Drive drive : drives.all()) {
            drive.write(json);
        }
        json.endList();
        writeBootSource(json);
        json.fieldNull("cpu-config");
        json.fieldNull("logger");
        json.begin("machine-config");
        machine.writeFields(json);
        json.end();
        json.fieldNull("metrics");
        json.fieldNull("mmds-config");
        json.beginList("network-interfaces");
        for (NetworkDevice network : networks.all()) {
            network.write(json);
        }
        json.endList();
        if (vsock == null) {
            json.fieldNull("vsock");
        } else {
            vsock.write(json);
        }
        writeEntropy(json);
        json.beginList("pmem");
        json.endList();
        json.fieldNull("memory-hotplug");
        json.end();
        return json.toString();
    }

    private void writeBootSource(JsonText json) {
        json.begin("boot-source");
        json.field("kernel_image_path", bootSource == null ? "" : bootSource.body().kernelImagePath());
        json.field("initrd_path", bootSource == null ? null : bootSource.body().initrdPath());
        json.field("boot_args", bootSource == null ? null : bootSource.body().bootArgs());
        json.end();
    }

    private void writeBalloon(JsonText json) {
        if (balloon == null) {
            json.fieldNull("balloon");
            return;
        }
        json.begin("balloon");
        writeBalloonFields(json);
        json.end();
    }

    void writeBalloonFields(JsonText json) {
        json.field("amount_mib", balloon.amountMib());
        json.field("deflate_on_oom", balloon.deflateOnOom());
        json.field("stats_polling_interval_s", balloon.statsPollingIntervalS());
        json.field("free_page_hinting", balloon.freePageHinting());
        json.field("free_page_reporting", balloon.freePageReporting());
    }

    private void writeEntropy(JsonText json) {
        if (!hasEntropy) {
            json.fieldNull("entropy");
            return;
        }
        json.begin("entropy");
        Limits.write(json, "rate_limiter", entropyLimits);
        json.end();
    }

    /** {@code GET /machine-config}. */
    String machineJson() {
        JsonText json = new JsonText();
        json.begin();
        machine.writeFields(json);
        json.end();
        return json.toString();
    }

    /** {@code GET /balloon}, of a machine that has one. */
    String balloonJson() {
        JsonText json = new JsonText();
        json.begin();
        writeBalloonFields(json);
        json.end();
        return json.toString();
    }

    /** The machine has what it needs: it opened files again that are held here. */
    void release() {
        bootSource.close();
        drives.close();
    }

    @Override
    public void close() {
        if (bootSource != null) {
            bootSource.close();
        }
        drives.close();
        networks.close();
        if (vsock != null) {
            vsock.close();
        }
    }
}
