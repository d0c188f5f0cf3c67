package io.vmm4j.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.config.ShareConfig;
import java.util.Locale;
import java.util.function.BiConsumer;

/**
 * The object of {@code --fs}, under dbs-cli's keys. With the {@code mode} {@code vhostuser} a back end that listens at {@code sock_path} serves
 * the folder that it has; in the other, {@code virtio}, {@code sock_path} changes nothing. {@code cache_size}, {@code thread_pool_size}, {@code no_open},
 * {@code fuse_killpriv_v2}, {@code no_readdir}, {@code drop_sys_resource}, {@code use_shared_irq} and {@code use_generic_irq} are taken and change nothing: there is no
 * window into the host's page cache, each request queue has one thread, a guest's writes are always held to quotas, and its kernel finds by itself what there is.
 * {@code path_on_host}, {@code read_only} and {@code privileged} are not dbs-cli's: without the first, the device begins without a folder.
 */
record DbsFsDevice(
        @JsonProperty("sock_path") String sockPath,
        @JsonProperty("tag") String tag,
        @JsonProperty("num_queues") Integer numQueues,
        @JsonProperty("queue_size") Integer queueSize,
        @JsonProperty("cache_size") Long cacheSize,
        @JsonProperty("thread_pool_size") Integer threadPoolSize,
        @JsonProperty("cache_policy") String cachePolicy,
        @JsonProperty("writeback_cache") Boolean writebackCache,
        @JsonProperty("no_open") Boolean noOpen,
        @JsonProperty("xattr") Boolean xattr,
        @JsonProperty("drop_sys_resource") Boolean dropSysResource,
        @JsonProperty("mode") String mode,
        @JsonProperty("fuse_killpriv_v2") Boolean fuseKillprivV2,
        @JsonProperty("no_readdir") Boolean noReaddir,
        @JsonProperty("rate_limiter") RateLimiterConfig rateLimiter,
        @JsonProperty("use_shared_irq") Boolean useSharedIrq,
        @JsonProperty("use_generic_irq") Boolean useGenericIrq,
        @JsonProperty("path_on_host") String pathOnHost,
        @JsonProperty("read_only") Boolean readOnly,
        @JsonProperty("privileged") Boolean privileged) {

    /** Tells what is not supported, as a field and a message. */
    void refuse(BiConsumer<String, String> problems) {
        if (mode != null && !mode.isEmpty() && !mode.equals("virtio") && !isVhostUser()) {
            problems.accept("mode", "mode \"" + mode + "\" is not one of virtio, vhostuser");
        }
        if (isVhostUser() && (sockPath == null || sockPath.isEmpty())) {
            problems.accept("sock_path", "mode vhostuser needs the socket of a back end");
        }
        if (cache() == null) {
            problems.accept("cache_policy", "cache policy \"" + cachePolicy + "\" is not one of " + ShareConfig.Cache.names());
        }
        if (rateLimiter != null) {
            problems.accept("rate_limiter", "a limit for a shared folder is not supported");
        }
    }

    private boolean isVhostUser() {
        return "vhostuser".equals(mode);
    }

    private ShareConfig.Cache cache() {
        return cachePolicy == null || cachePolicy.isEmpty() ? ShareConfig.Cache.AUTO : DeviceLists.cache(cachePolicy.toLowerCase(Locale.ROOT));
    }

    /** As the configuration has it; 0 stands for a default. */
    ShareConfig toShare() {
        return new ShareConfig(tag, pathOnHost, readOnly, cache(), writebackCache, xattr, privileged,
                numQueues == null || numQueues == 0 ? null : numQueues, queueSize == null || queueSize == 0 ? null : queueSize,
                isVhostUser() ? sockPath : null);
    }
}
