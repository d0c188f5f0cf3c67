package io.vmm4j.core.config;

import io.vmm4j.devices.text.Printable;

/**
 * One thing wrong with a configuration. Both parts are one line of bounded length that can be shown and logged as it is,
 * whatever the text had that they quote.
 *
 * @param key     the field, as a path of configuration-file keys such as {@code machine-config.vcpu_count} or
 *     {@code drives[0].path_on_host}; a front door maps it to its own word for the field
 * @param message one line with the value and the bound, without the field's key
 */
public record ConfigProblem(String key, String message) {

    public ConfigProblem {
        key = Printable.line(key);
        message = Printable.line(message);
    }

    @Override
    public String toString() {
        return message + " (" + key + ")";
    }
}
