package io.vmm4j.api.control;

import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.devices.limit.BucketConfig;
import io.vmm4j.devices.limit.RateLimiter;
import io.vmm4j.devices.serial.SerialSink;
import java.io.IOException;

/** A console that drops what the guest prints beyond a limit of bytes, as Firecracker's serial device does. */
final class LimitedConsole implements SerialConsole {

    private final SerialConsole console;
    private final SerialSink output;

    LimitedConsole(SerialConsole console, RateLimiterConfig limit) {
        this.console = console;
        RateLimiter limiter = new RateLimiter(System::nanoTime, limit.bandwidthBucket().orElseThrow(), BucketConfig.UNLIMITED);
        SerialSink unlimited = console.output();
        this.output = new SerialSink() {
            @Override
            public boolean hasRoom() {
                return unlimited.hasRoom();
            }

            @Override
            public void write(int octet) {
                if (limiter.admit(1) == 0) {
                    unlimited.write(octet);
                }
            }
        };
    }

    @Override
    public SerialSink output() {
        return output;
    }

    @Override
    public void attach(SerialPort port) throws IOException {
        console.attach(port);
    }

    @Override
    public void close() {
        console.close();
    }
}
