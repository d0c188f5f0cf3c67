package io.vmm4j.api;

import io.vmm4j.api.control.ApiLog;
import io.vmm4j.api.request.LoggerBody;
import java.io.IOException;

/** Settings of a log that goes elsewhere: the file is made, and stays empty. */
final class UnconnectedLog implements ApiLog {

    @Override
    public void configure(LoggerBody config) throws IOException {
        if (config.logPath() != null) {
            OutputFile.open(config.logPath()).close();
        }
    }
}
