package io.vmm4j.core.config;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What the machine boots ({@code boot-source}).
 *
 * @param kernelImagePath kernel image, ELF vmlinux or bzImage; required
 * @param initrdPath      initial RAM disk, or {@code null} for none
 * @param bootArgs        kernel arguments, or {@code null} for {@link #DEFAULT_BOOT_ARGS}
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BootSourceConfig(
        @JsonProperty("kernel_image_path") String kernelImagePath,
        @JsonProperty("initrd_path") String initrdPath,
        @JsonProperty("boot_args") String bootArgs) {

    /** Arguments of a kernel for which the user gave none; {@code root=} is added by what the root device holds. */
    public static final String DEFAULT_BOOT_ARGS = "console=ttyS0 tty0 reboot=k debug panic=1 pci=off";

    void check(Problems problems) {
        problems.require(kernelImagePath != null && !kernelImagePath.isEmpty(), "boot-source.kernel_image_path",
                "a kernel image is required");
        problems.require(initrdPath == null || !initrdPath.isEmpty(), "boot-source.initrd_path",
                "the initrd path is empty");
        problems.requirePath(kernelImagePath, "boot-source.kernel_image_path", "kernel image");
        problems.requirePath(initrdPath, "boot-source.initrd_path", "initrd");
    }
}
