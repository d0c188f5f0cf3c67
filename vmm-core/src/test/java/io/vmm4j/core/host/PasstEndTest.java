package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose fault it is that passt has ended before it was connected to: the configuration's, or the host's. */
class PasstEndTest {

    @ParameterizedTest
    @CsvSource({
        "1,   false, ': Failed to bind any port for \'-t 80:80\', exiting'",
        "1,   false, ': No external routable interface for IPv4'",
        "1,   true,  ': Failed to open socket: Too many open files'",
        "1,   true,  ': Failed to sandbox process, exiting'",
        "2,   true,  ': sh: 1: Cannot fork'",
        "137, true,  ''",
    })
    void itIsTheHostsUnlessPasstRefuses(int status, boolean isHosts, String words) {
        assertEquals(isHosts, Passt.refusal(status, words) instanceof PortFaultException);
    }
}
