package io.vmm4j.api;

import io.vmm4j.api.control.ApiLog;
import io.vmm4j.api.control.ApiMetrics;
import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.host.StdioConsole;
import java.nio.file.Path;
import java.util.function.Supplier;

/**
 * What an API server is started with. Immutable.
 *
 * @param apiSocket    the Unix socket to make; what is at its path stays, and is refused. {@code null} for no API
 * @param configFile   the text of a configuration file to start a machine from, in UTF-8, or {@code null}; not copied
 * @param id           the instance's, for {@code GET /} and the log
 * @param payloadLimit largest body of a request, in bytes
 * @param version      the version of Firecracker that clients are told
 * @param log          what {@code PUT /logger} changes
 * @param metrics      what is counted, and what {@code PUT /metrics} changes
 * @param stdio        makes the host's end of the serial port when {@code PUT /serial} names no file
 * @param hasBootTimer whether the machine has a boot timer, by which the guest's first program has the time it took to boot put into the log
 */
@SuppressWarnings("exports") // log and metrics are the command line's to connect
public record FirecrackerOptions(Path apiSocket, byte[] configFile, String id, int payloadLimit, String version, ApiLog log, ApiMetrics metrics,
        Supplier<SerialConsole> stdio, boolean hasBootTimer) {

    /** The socket when none is said. */
    public static final Path DEFAULT_SOCKET = Path.of("/run/firecracker.socket");
    /** The id when none is said. */
    public static final String DEFAULT_ID = "anonymous-instance";
    /** The largest body when nothing is said, in bytes. */
    public static final int DEFAULT_PAYLOAD_LIMIT = 51200;
    /** The version of Firecracker whose answers these are. */
    public static final String FIRECRACKER_VERSION = "1.16.1";

    /** A server at {@code apiSocket} with the defaults of all else; its log settings and metrics are accepted, and go nowhere. */
    public static FirecrackerOptions at(Path apiSocket) {
        return new FirecrackerOptions(apiSocket, null, DEFAULT_ID, DEFAULT_PAYLOAD_LIMIT, FIRECRACKER_VERSION, new UnconnectedLog(),
                new UnconnectedMetrics(), new StdioSupplier(), false);
    }

    /** The same without an API. */
    public FirecrackerOptions withoutApi() {
        return new FirecrackerOptions(null, configFile, id, payloadLimit, version, log, metrics, stdio, hasBootTimer);
    }

    /** The same with a configuration file's text, in UTF-8. */
    public FirecrackerOptions withConfigFile(byte[] text) {
        return new FirecrackerOptions(apiSocket, text, id, payloadLimit, version, log, metrics, stdio, hasBootTimer);
    }

    /** The same with another id. */
    public FirecrackerOptions withId(String newId) {
        return new FirecrackerOptions(apiSocket, configFile, newId, payloadLimit, version, log, metrics, stdio, hasBootTimer);
    }

    /** The same with another limit of a body, in bytes. */
    public FirecrackerOptions withPayloadLimit(int bytes) {
        return new FirecrackerOptions(apiSocket, configFile, id, bytes, version, log, metrics, stdio, hasBootTimer);
    }

    /** The same with a log that can be changed. */
    public FirecrackerOptions withLog(ApiLog newLog) {
        return new FirecrackerOptions(apiSocket, configFile, id, payloadLimit, version, newLog, metrics, stdio, hasBootTimer);
    }

    /** The same with metrics. */
    public FirecrackerOptions withMetrics(ApiMetrics newMetrics) {
        return new FirecrackerOptions(apiSocket, configFile, id, payloadLimit, version, log, newMetrics, stdio, hasBootTimer);
    }

    /** The same with another host's end of the serial port. */
    public FirecrackerOptions withStdio(Supplier<SerialConsole> newStdio) {
        return new FirecrackerOptions(apiSocket, configFile, id, payloadLimit, version, log, metrics, newStdio, hasBootTimer);
    }

    /** The same with a boot timer. */
    public FirecrackerOptions withBootTimer() {
        return new FirecrackerOptions(apiSocket, configFile, id, payloadLimit, version, log, metrics, stdio, true);
    }

    /** The console of this process, made when the machine starts. */
    private static final class StdioSupplier implements Supplier<SerialConsole> {
        @Override
        public SerialConsole get() {
            return new StdioConsole();
        }
    }
}
