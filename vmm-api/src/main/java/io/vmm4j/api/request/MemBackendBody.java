package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * Where memory comes from when a snapshot is loaded.
 *
 * @param backendPath a file or a socket
 * @param backendType {@code File} or {@code Uffd}
 */
public record MemBackendBody(String backendPath, String backendType) {

    /** How it is written. */
    public static final Struct<MemBackendBody> SHAPE = new Struct<>("MemBackendConfig", true,
            Field.of("backend_path", Shapes.PATH),
            Field.of("backend_type", Choices.MEM_BACKEND)) {
        @Override
        protected MemBackendBody build(Values values) {
            return new MemBackendBody(values.get("backend_path"), values.get("backend_type"));
        }
    };
}
