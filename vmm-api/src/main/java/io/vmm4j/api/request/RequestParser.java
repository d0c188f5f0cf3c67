package io.vmm4j.api.request;

import io.vmm4j.api.http.ApiMethod;
import io.vmm4j.api.http.ApiRequest;
import io.vmm4j.api.request.VmmAction.Plain;
import io.vmm4j.core.json.SerdeException;
import io.vmm4j.core.json.Shape;
import io.vmm4j.core.json.Shapes;

/**
 * Finds out what a request asks for: by the first part of its path, as Firecracker does, which passes over most of what is
 * behind that. Stateless.
 */
public final class RequestParser {

    private RequestParser() {
    }

    /** @throws ApiException when it is none of the API's, or its body is not what that takes */
    public static ParsedRequest parse(ApiRequest request) throws ApiException {
        PathTokens tokens = new PathTokens(request.path());
        String first = tokens.next();
        String resource = first == null ? "" : first;
        byte[] body = request.body();
        try {
            ParsedRequest parsed = switch (request.method()) {
                case GET -> body == null ? get(resource, tokens) : null;
                case PUT -> body == null ? null : put(resource, tokens, body);
                case PATCH -> resource.equals("balloon") ? patchBalloon(tokens, body) : body == null ? null : patch(resource, tokens, body);
                case DELETE -> body == null ? delete(resource, tokens) : null;
            };
            if (parsed != null) {
                return parsed;
            }
        } catch (SerdeException e) {
            throw new ApiException("An error occurred when deserializing the json body of a request: " + e.getMessage() + ".");
        }
        boolean isBodyWrong = (body == null) == (request.method() == ApiMethod.PUT || request.method() == ApiMethod.PATCH);
        throw isBodyWrong ? wrongBody(request.method()) : unknown(request.method(), resource);
    }

    private static ApiException unknown(ApiMethod method, String resource) {
        return new ApiException("Invalid request method and/or path: " + method + " " + resource + ".");
    }

    private static ApiException wrongBody(ApiMethod method) {
        return new ApiException(switch (method) {
            case GET -> "GET request cannot have a body.";
            case PUT -> "Empty PUT request.";
            case PATCH -> "Empty PATCH request.";
            case DELETE -> "Empty Delete request.";
        });
    }

    private static ParsedRequest get(String resource, PathTokens tokens) throws ApiException {
        return switch (resource) {
            case "" -> ParsedRequest.of(Plain.GET_INFO);
            case "version" -> ParsedRequest.of(Plain.GET_VERSION);
            case "machine-config" -> ParsedRequest.of(Plain.GET_MACHINE_CONFIG);
            case "mmds" -> ParsedRequest.of(Plain.GET_MMDS);
            case "balloon" -> getBalloon(tokens);
            case "vm" -> "config".equals(tokens.next()) ? ParsedRequest.of(Plain.GET_VM_CONFIG) : null;
            case "hotplug" -> "memory".equals(tokens.next()) ? ParsedRequest.of(Plain.GET_MEMORY_HOTPLUG) : null;
            default -> null;
        };
    }

    private static ParsedRequest getBalloon(PathTokens tokens) throws ApiException {
        String part = tokens.next();
        if (part == null) {
            return ParsedRequest.of(Plain.GET_BALLOON);
        }
        return switch (part) {
            case "statistics" -> ParsedRequest.of(Plain.GET_BALLOON_STATISTICS);
            case "hinting" -> {
                String of = tokens.next();
                if (!"status".equals(of)) {
                    throw unrecognized("GET", "/hinting/" + (of == null ? "" : of));
                }
                yield ParsedRequest.of(Plain.GET_HINTING_STATUS);
            }
            default -> throw unrecognized("GET", part);
        };
    }

    private static ApiException unrecognized(String method, String path) {
        return new ApiException("Unrecognized " + method + " request path `" + path + "`.");
    }

    private static ParsedRequest put(String resource, PathTokens tokens, byte[] body) throws ApiException, SerdeException {
        return switch (resource) {
            case "actions" -> action(ActionBody.SHAPE.read(body));
            case "balloon" -> ParsedRequest.of(new VmmAction.SetBalloon(BalloonBody.SHAPE.read(body)));
            case "boot-source" -> ParsedRequest.of(new VmmAction.SetBootSource(BootSourceBody.SHAPE.read(body)));
            case "cpu-config" -> ParsedRequest.of(new VmmAction.SetCpuConfig(CpuConfigBody.SHAPE.read(body)));
            case "drives" -> putDrive(checkedId(tokens.next()), body);
            case "pmem" -> putPmem(checkedId(tokens.next()), body);
            case "logger" -> ParsedRequest.of(new VmmAction.SetLogger(LoggerBody.SHAPE.read(body)));
            case "serial" -> ParsedRequest.of(new VmmAction.SetSerial(SerialBody.SHAPE.read(body)));
            case "machine-config" -> machine(MachineConfigBody.SHAPE.read(body).asUpdate(), ApiMethod.PUT);
            case "metrics" -> ParsedRequest.of(new VmmAction.SetMetrics(MetricsBody.SHAPE.read(body)));
            case "mmds" -> putMmds(tokens.next(), body);
            case "network-interfaces" -> putNetwork(checkedId(tokens.next()), body);
            case "snapshot" -> putSnapshot(tokens.next(), body);
            case "vsock" -> vsock(VsockBody.SHAPE.read(body));
            case "entropy" -> ParsedRequest.of(new VmmAction.SetEntropy(EntropyBody.SHAPE.read(body)));
            case "hotplug" -> "memory".equals(tokens.next())
                    ? ParsedRequest.of(new VmmAction.SetMemoryHotplug(MemoryHotplugBody.SHAPE.read(body))) : null;
            default -> null;
        };
    }

    private static ParsedRequest action(ActionBody body) {
        return ParsedRequest.of(switch (body.actionType()) {
            case "FlushMetrics" -> Plain.FLUSH_METRICS;
            case "InstanceStart" -> Plain.START;
            default -> Plain.SEND_CTRL_ALT_DEL;
        });
    }

    private static ParsedRequest machine(MachineUpdateBody body, ApiMethod method) {
        return new ParsedRequest(new VmmAction.UpdateMachine(body),
                body.cpuTemplate() == null ? null : method + " /machine-config: cpu_template field is deprecated.");
    }

    private static ParsedRequest vsock(VsockBody body) {
        return new ParsedRequest(new VmmAction.SetVsock(body),
                body.vsockId() == null ? null : "PUT /vsock: vsock_id field is deprecated.");
    }

    private static ParsedRequest putDrive(String id, byte[] body) throws ApiException, SerdeException {
        DriveBody drive = DriveBody.SHAPE.read(body);
        requireSame(id, drive.driveId());
        return ParsedRequest.of(new VmmAction.InsertDrive(drive));
    }

    private static ParsedRequest putPmem(String id, byte[] body) throws ApiException, SerdeException {
        PmemBody pmem = PmemBody.SHAPE.read(body);
        requireSame(id, pmem.id());
        return ParsedRequest.of(new VmmAction.InsertPmem(pmem));
    }

    private static ParsedRequest putNetwork(String id, byte[] body) throws ApiException, SerdeException {
        NetworkBody network = NetworkBody.SHAPE.read(body);
        requireSameInterface(id, network.ifaceId());
        return ParsedRequest.of(new VmmAction.InsertNetwork(network));
    }

    private static void requireSame(String pathId, String bodyId) throws ApiException {
        if (!pathId.equals(bodyId)) {
            throw new ApiException("The id from the path does not match the id from the body!");
        }
    }

    private static void requireSameInterface(String pathId, String bodyId) throws ApiException {
        if (!pathId.equals(bodyId)) {
            throw new ApiException("The id from the path [" + pathId + "] does not match the id from the body [" + bodyId + "]!");
        }
    }

    /** Letters and digits of any script, and underscores. */
    private static String checkedId(String id) throws ApiException {
        if (id == null || id.isEmpty()) {
            throw new ApiException("The ID cannot be empty.");
        }
        for (int i = 0; i < id.length(); i += Character.charCount(id.codePointAt(i))) {
            int c = id.codePointAt(i);
            int type = Character.getType(c);
            boolean isNumeric = type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
            if (c != '_' && !Character.isLetterOrDigit(c) && !Character.isAlphabetic(c) && !isNumeric) {
                throw new ApiException("API Resource IDs can only contain alphanumeric characters and underscores.");
            }
        }
        return id;
    }

    private static ParsedRequest putMmds(String part, byte[] body) throws ApiException, SerdeException {
        if (part == null) {
            Shapes.ANY.read(body);
            return ParsedRequest.of(Plain.PUT_MMDS);
        }
        if (!part.equals("config")) {
            throw unrecognized("PUT", part);
        }
        MmdsConfigBody config = MmdsConfigBody.SHAPE.read(body);
        return new ParsedRequest(new VmmAction.SetMmdsConfig(config),
                config.version().equals("V1") ? "PUT /mmds/config: V1 is deprecated. Use V2 instead." : null);
    }

    private static ParsedRequest putSnapshot(String part, byte[] body) throws ApiException, SerdeException {
        if (part == null) {
            throw new ApiException("Missing snapshot operation type.");
        }
        return switch (part) {
            case "create" -> ParsedRequest.of(new VmmAction.CreateSnapshot(CreateSnapshotBody.SHAPE.read(body)));
            case "load" -> loadSnapshot(LoadSnapshotBody.SHAPE.read(body));
            default -> throw unknown(ApiMethod.PUT, "/snapshot/" + part);
        };
    }

    private static ParsedRequest loadSnapshot(LoadSnapshotBody body) throws SerdeException {
        if (body.memBackend() != null && body.memFilePath() != null) {
            throw SerdeException.custom("too many fields: either `mem_backend` or `mem_file_path` exclusively is required");
        }
        if (body.memBackend() == null && body.memFilePath() == null) {
            throw SerdeException.custom("missing field: either `mem_backend` or `mem_file_path` is required");
        }
        boolean isDeprecated = body.memFilePath() != null || body.enableDiffSnapshots();
        return new ParsedRequest(new VmmAction.LoadSnapshot(body),
                isDeprecated ? "PUT /snapshot/load: mem_file_path and enable_diff_snapshots fields are deprecated." : null);
    }

    private static ParsedRequest patch(String resource, PathTokens tokens, byte[] body) throws ApiException, SerdeException {
        return switch (resource) {
            case "drives" -> patchDrive(checkedId(tokens.next()), body);
            case "machine-config" -> patchMachine(MachineUpdateBody.SHAPE.read(body));
            case "mmds" -> {
                Shapes.ANY.read(body);
                yield ParsedRequest.of(Plain.PATCH_MMDS);
            }
            case "network-interfaces" -> patchNetwork(checkedId(tokens.next()), body);
            case "pmem" -> patchPmem(checkedId(tokens.next()), body);
            case "vm" -> ParsedRequest.of(VmStateBody.SHAPE.read(body).state().equals("Paused") ? Plain.PAUSE : Plain.RESUME);
            case "hotplug" -> "memory".equals(tokens.next())
                    ? ParsedRequest.of(new VmmAction.UpdateMemoryHotplug(MemoryHotplugUpdateBody.SHAPE.read(body))) : null;
            default -> null;
        };
    }

    private static ParsedRequest patchMachine(MachineUpdateBody body) throws ApiException {
        if (body.isEmpty()) {
            throw wrongBody(ApiMethod.PATCH);
        }
        return machine(body, ApiMethod.PATCH);
    }

    private static ParsedRequest patchDrive(String id, byte[] body) throws ApiException, SerdeException {
        DriveUpdateBody update = DriveUpdateBody.SHAPE.read(body);
        requireSame(id, update.driveId());
        return ParsedRequest.of(new VmmAction.UpdateDrive(update));
    }

    private static ParsedRequest patchPmem(String id, byte[] body) throws ApiException, SerdeException {
        PmemUpdateBody update = PmemUpdateBody.SHAPE.read(body);
        requireSame(id, update.id());
        return ParsedRequest.of(new VmmAction.UpdatePmem(update));
    }

    private static ParsedRequest patchNetwork(String id, byte[] body) throws ApiException, SerdeException {
        NetworkUpdateBody update = NetworkUpdateBody.SHAPE.read(body);
        requireSameInterface(id, update.ifaceId());
        return ParsedRequest.of(new VmmAction.UpdateNetwork(update));
    }

    private static ParsedRequest patchBalloon(PathTokens tokens, byte[] body) throws ApiException, SerdeException {
        String part = tokens.next();
        if ("hinting".equals(part)) {
            return patchHinting(tokens.next(), body);
        }
        if (body == null) {
            return null;
        }
        return ParsedRequest.of("statistics".equals(part) ? new VmmAction.UpdateBalloonStatistics(read(BalloonStatsUpdateBody.SHAPE, body))
                : new VmmAction.UpdateBalloon(read(BalloonUpdateBody.SHAPE, body)));
    }

    private static <T> T read(Shape<T> shape, byte[] body) throws SerdeException {
        return shape.read(body);
    }

    private static ParsedRequest patchHinting(String part, byte[] body) throws ApiException, SerdeException {
        if ("start".equals(part)) {
            return ParsedRequest.of(new VmmAction.StartHinting(body == null ? new HintingBody(true) : HintingBody.SHAPE.read(body)));
        }
        if ("stop".equals(part)) {
            return ParsedRequest.of(Plain.STOP_HINTING);
        }
        throw unrecognized("PATCH", "/hinting/" + (part == null ? "" : part));
    }

    private static ParsedRequest delete(String resource, PathTokens tokens) throws ApiException {
        return switch (resource) {
            case "drives", "pmem", "network-interfaces" -> ParsedRequest.of(new VmmAction.Unplug(checkedId(tokens.next())));
            default -> null;
        };
    }
}
