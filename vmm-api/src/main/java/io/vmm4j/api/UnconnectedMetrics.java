package io.vmm4j.api;

import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.api.request.MetricsBody;
import java.io.IOException;

/** Nothing is counted, and the file for it stays empty. */
final class UnconnectedMetrics implements ApiMetrics {

    @Override
    public void count(String group, String field) {
        // Nobody asks.
    }

    @Override
    public void store(String group, String field, long value) {
        // Nobody asks.
    }

    @Override
    public void open(MetricsBody config) throws IOException {
        check(config);
    }

    @Override
    public void check(MetricsBody config) throws IOException {
        OutputFile.open(config.metricsPath()).close();
    }

    @Override
    public void flush() {
        // There is nothing to write.
    }
}
