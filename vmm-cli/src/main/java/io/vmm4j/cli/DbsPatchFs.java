package io.vmm4j.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.Vm;
import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.StrictJson;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.NoSuchElementException;

/**
 * The object of {@code --patch-fs}, under dbs-cli's keys: a folder to mount below a share's device, or to take from it.
 * {@code dax_threshold_size_kb} is taken and changes nothing. {@code read_only} is not dbs-cli's.
 */
record DbsPatchFs(
        @JsonProperty("ops") String ops,
        @JsonProperty("fstype") String fstype,
        @JsonProperty("source") String source,
        @JsonProperty("mountpoint") String mountpoint,
        @JsonProperty("config") String config,
        @JsonProperty("tag") String tag,
        @JsonProperty("prefetch_list_path") String prefetchListPath,
        @JsonProperty("dax_threshold_size_kb") Long daxThresholdSizeKb,
        @JsonProperty("read_only") Boolean readOnly) {

    private static final String MOUNT = "mount";
    private static final String UMOUNT = "umount";

    /** Reads it; throws {@link IllegalArgumentException} naming what is wrong. */
    static DbsPatchFs read(String json) {
        DbsPatchFs patch;
        try {
            patch = StrictJson.read(json, DbsPatchFs.class, "");
        } catch (ConfigException e) {
            throw refusal(e.getMessage(), e);
        }
        patch.check();
        return patch;
    }

    private void check() {
        require(ops != null && (ops.equals(MOUNT) || ops.equals(UMOUNT)), "ops \"" + ops + "\" is not supported: only mount and umount are");
        require(tag != null && !tag.isEmpty(), "the tag of the share is required");
        require(mountpoint != null && !mountpoint.isEmpty(), "where in the share is required");
        require(isEmpty(fstype) || fstype.equalsIgnoreCase("passthroughfs"), "file system type \"" + fstype
                + "\" is not supported: only passthroughfs is");
        require(isEmpty(config) && isEmpty(prefetchListPath), "config and prefetch_list_path are not supported");
        require(!ops.equals(MOUNT) || !isEmpty(source), "the folder to mount is required");
    }

    /** In the words of the request, whose only key this object is in. */
    private static IllegalArgumentException refusal(String message, Exception cause) {
        return new IllegalArgumentException(message + " (" + DeviceActions.CONFIG + ")", cause);
    }

    private static boolean isEmpty(String text) {
        return text == null || text.isEmpty();
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw refusal(message, null);
        }
    }

    /** Does it; throws {@link IllegalArgumentException} when it cannot be. */
    void carryOut(Vm vm) {
        try {
            if (ops.equals(MOUNT)) {
                vm.share(tag).mount(Path.of(source), mountpoint, readOnly != null && readOnly);
            } else {
                vm.share(tag).unmount(mountpoint);
            }
        } catch (InvalidPathException | IOException e) {
            throw refusal("folder \"" + source + "\" cannot be shared: " + e.getMessage(), e);
        } catch (NoSuchElementException | IllegalArgumentException e) {
            throw refusal(e.getMessage(), e);
        }
    }
}
