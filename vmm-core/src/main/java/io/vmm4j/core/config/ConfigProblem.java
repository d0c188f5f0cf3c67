package io.vmm4j.core.config;

import java.util.Objects;

/**
 * One thing wrong with a configuration.
 *
 * @param key     the field, as a path of configuration-file keys such as {@code machine-config.vcpu_count} or
 *     {@code drives[0].path_on_host}; a front door maps it to its own word for the field
 * @param message one line with the value and the bound, without the field's key
 */
public record ConfigProblem(String key, String message) {

    public ConfigProblem {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(message, "message");
    }

    @Override
    public String toString() {
        return message + " (" + key + ")";
    }
}
