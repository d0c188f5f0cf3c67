package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A shared folder (one element of {@code shares}), which the guest mounts by its tag: {@code mount -t virtiofs TAG DIR}.
 *
 * @param tag        what the guest knows it by, 1 to {@value #TAG_MAX} bytes, no two of a machine the same
 * @param pathOnHost the directory shared, or {@code null} for a device that folders are mounted below later
 * @param readOnly   the guest may change nothing; default false
 * @param cache      what the guest may keep; default auto
 * @param writeback  writes may wait in the guest's memory; default false
 * @param xattr      extended attributes are there; default true
 * @param privileged the guest may make set-uid programs, device nodes, and {@code security} and {@code trusted} attributes; default false
 * @param numQueues  request queues, each with a thread of the host's, 1 to {@value #QUEUES_MAX}; default 1
 * @param queueSize  elements of a queue, a power of two, {@value #QUEUE_SIZE_MIN} to {@value #QUEUE_SIZE_MAX}; default {@value #DEFAULT_QUEUE_SIZE}
 * @param socket     the Unix socket of a vhost-user back end, as virtiofsd, which serves the folder that it has been given in place of this process;
 *                   what says how folders are served goes without it; or {@code null}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ShareConfig(
        @JsonProperty("tag") String tag,
        @JsonProperty("path_on_host") String pathOnHost,
        @JsonProperty("read_only") Boolean readOnly,
        @JsonProperty("cache") Cache cache,
        @JsonProperty("writeback") Boolean writeback,
        @JsonProperty("xattr") Boolean xattr,
        @JsonProperty("privileged") Boolean privileged,
        @JsonProperty("num_queues") Integer numQueues,
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("socket") String socket) {

    /** Most bytes of a tag. */
    public static final int TAG_MAX = 36;
    /** Most request queues. */
    public static final int QUEUES_MAX = 16;
    /** Fewest elements of a queue. */
    public static final int QUEUE_SIZE_MIN = 16;
    /** Most elements of a queue. */
    public static final int QUEUE_SIZE_MAX = 1024;
    /** Enough for requests of 1 MiB. */
    public static final int DEFAULT_QUEUE_SIZE = 512;
    /** The tag of a share that is not given one. */
    public static final String DEFAULT_TAG = "share";

    /** What the guest may keep of a folder's. */
    public enum Cache {
        /** Names and attributes for a second, a file's content until it is opened again and has changed. */
        AUTO,
        /** All of it, for as long as it likes: for folders that nobody else changes. */
        ALWAYS,
        /** Nothing. */
        NEVER,
        /** Names and attributes for as long as it likes, and no content. */
        METADATA;

        /** The name in lower case, as JSON and options have it. */
        @JsonValue
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** All names, for messages. */
        public static String names() {
            return Arrays.stream(values()).map(Cache::toString).collect(Collectors.joining(", "));
        }
    }

    public ShareConfig {
        readOnly = readOnly != null && readOnly;
        cache = cache == null ? Cache.AUTO : cache;
        writeback = writeback != null && writeback;
        xattr = xattr == null || xattr;
        privileged = privileged != null && privileged;
        numQueues = numQueues == null ? 1 : numQueues;
        queueSize = queueSize == null ? DEFAULT_QUEUE_SIZE : queueSize;
    }

    /** A folder that this process serves. */
    public ShareConfig(String tag, String pathOnHost, Boolean readOnly, Cache cache, Boolean writeback, Boolean xattr, Boolean privileged,
            Integer numQueues, Integer queueSize) {
        this(tag, pathOnHost, readOnly, cache, writeback, xattr, privileged, numQueues, queueSize, null);
    }

    /** A folder with the defaults of the rest. */
    public static ShareConfig of(String pathOnHost, String tag) {
        return new ShareConfig(tag, pathOnHost, null, null, null, null, null, null, null, null);
    }

    /** A folder that a vhost-user back end serves, which listens at {@code socket}. */
    public static ShareConfig vhostUser(String socket, String tag) {
        return new ShareConfig(tag, null, null, null, null, null, null, null, null, socket);
    }

    /** The same, which the guest may change or not. */
    public ShareConfig withReadOnly(boolean only) {
        return new ShareConfig(tag, pathOnHost, only, cache, writeback, xattr, privileged, numQueues, queueSize, socket);
    }

    /** The same with another policy of what the guest may keep. */
    public ShareConfig withCache(Cache other) {
        return new ShareConfig(tag, pathOnHost, readOnly, other, writeback, xattr, privileged, numQueues, queueSize, socket);
    }

    /** The same, with writes that may wait in the guest's memory or not. */
    public ShareConfig withWriteback(boolean waits) {
        return new ShareConfig(tag, pathOnHost, readOnly, cache, waits, xattr, privileged, numQueues, queueSize, socket);
    }

    /** The same with extended attributes or without. */
    public ShareConfig withXattr(boolean there) {
        return new ShareConfig(tag, pathOnHost, readOnly, cache, writeback, there, privileged, numQueues, queueSize, socket);
    }

    /** The same, where the guest may make what gives programs privileges, or not. */
    public ShareConfig withPrivileged(boolean may) {
        return new ShareConfig(tag, pathOnHost, readOnly, cache, writeback, xattr, may, numQueues, queueSize, socket);
    }

    /** The same with other queues. */
    public ShareConfig withQueues(int count, int size) {
        return new ShareConfig(tag, pathOnHost, readOnly, cache, writeback, xattr, privileged, count, size, socket);
    }

    /** What is about how a folder is served, of which the back end knows. */
    private void checkSocket(String key, Problems problems) {
        problems.require(!socket.isEmpty(), key + ".socket", "the path of a socket is required");
        problems.requirePath(socket, key + ".socket", "socket");
        Map<String, Boolean> others = new LinkedHashMap<>();
        others.put("path_on_host", pathOnHost != null);
        others.put("read_only", readOnly);
        others.put("cache", cache != Cache.AUTO);
        others.put("writeback", writeback);
        others.put("xattr", !xattr);
        others.put("privileged", privileged);
        others.forEach((field, isGiven) -> problems.require(!isGiven, key + "." + field,
                field + " does not go with socket \"" + socket + "\": the vhost-user back end there serves its folder as it has been told"));
    }

    void check(String key, Problems problems) {
        int length = tag == null ? 0 : tag.getBytes(StandardCharsets.UTF_8).length;
        problems.require(length > 0, key + ".tag", "a tag is required, by which the guest mounts the share");
        problems.require(length <= TAG_MAX, key + ".tag", "tag \"" + tag + "\" of " + length + " bytes is above the limit of " + TAG_MAX);
        if (length > 0 && length <= TAG_MAX) {
            problems.requireId(tag, key + ".tag", "share");
        }
        if (socket != null) {
            checkSocket(key, problems);
        }
        problems.require(pathOnHost == null || !pathOnHost.isEmpty(), key + ".path_on_host", "the path of a directory is required");
        problems.requirePath(pathOnHost, key + ".path_on_host", "shared folder");
        problems.require(numQueues >= 1 && numQueues <= QUEUES_MAX, key + ".num_queues",
                "number of queues " + numQueues + " is not within 1 to " + QUEUES_MAX);
        problems.require(queueSize >= QUEUE_SIZE_MIN && queueSize <= QUEUE_SIZE_MAX && Integer.bitCount(queueSize) == 1, key + ".queue_size",
                "queue size " + queueSize + " is not a power of two within " + QUEUE_SIZE_MIN + " to " + QUEUE_SIZE_MAX);
        problems.require(!writeback || cache == Cache.AUTO || cache == Cache.ALWAYS, key + ".writeback",
                "writes cannot wait in the guest's memory when it may keep nothing, cache \"" + cache + "\"");
    }
}
