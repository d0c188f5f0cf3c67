package io.vmm4j.core.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads and writes {@link VmConfig} as JSON under the configuration file's keys, as strictly as {@link StrictJson}.
 * Thread-safe.
 */
public final class VmConfigJson {

    /** A configuration is a page of text; more than this, in bytes, is some other file. */
    private static final long MAX_FILE_BYTES = 1 << 20;

    private VmConfigJson() {
    }

    /**
     * Reads a configuration file.
     *
     * @throws ConfigException when it is not a configuration; the problem's key is {@code configuration file} or a field's
     * @throws IOException     when it cannot be read
     */
    public static VmConfig read(Path file) throws ConfigException, IOException {
        return parse(text(file), file.toString());
    }

    /**
     * Reads a file with changes to CPUs: the object that {@code cpu-config} holds in a configuration.
     *
     * @throws ConfigException when it is not one
     * @throws IOException     when it cannot be read
     */
    public static CpuConfig readCpuConfig(Path file) throws ConfigException, IOException {
        return StrictJson.read(text(file), CpuConfig.class, file.toString());
    }

    private static String text(Path file) throws ConfigException, IOException {
        if (Files.isRegularFile(file) && Files.size(file) > MAX_FILE_BYTES) {
            throw new ConfigException(file.toString(), "a file of " + Files.size(file)
                    + " bytes is no configuration: the limit is " + MAX_FILE_BYTES);
        }
        return Files.readString(file);
    }

    /**
     * Reads a configuration from text.
     *
     * @param source what to call the text in a message, such as the file's name
     */
    public static VmConfig parse(String json, String source) throws ConfigException {
        return StrictJson.read(json, VmConfig.class, source);
    }

    /** The configuration as indented JSON, absent fields with their defaults. */
    public static String write(VmConfig config) {
        return StrictJson.write(config);
    }
}
