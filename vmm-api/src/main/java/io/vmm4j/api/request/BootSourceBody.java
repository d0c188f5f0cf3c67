package io.vmm4j.api.request;

import io.vmm4j.core.json.Field;
import io.vmm4j.core.json.Shapes;
import io.vmm4j.core.json.Struct;
import io.vmm4j.core.json.Values;

/**
 * {@code PUT /boot-source}.
 *
 * @param kernelImagePath the kernel
 * @param initrdPath the initial RAM disk, or {@code null}
 * @param bootArgs the kernel's arguments, or {@code null} for the default
 */
public record BootSourceBody(String kernelImagePath, String initrdPath, String bootArgs) {

    /** How it is written. */
    public static final Struct<BootSourceBody> SHAPE = new Struct<>("BootSourceConfig", true,
            Field.of("kernel_image_path", Shapes.STRING),
            Field.of("initrd_path", Shapes.optional(Shapes.STRING)),
            Field.of("boot_args", Shapes.optional(Shapes.STRING))) {
        @Override
        protected BootSourceBody build(Values values) {
            return new BootSourceBody(values.get("kernel_image_path"), values.get("initrd_path"), values.get("boot_args"));
        }
    };
}
