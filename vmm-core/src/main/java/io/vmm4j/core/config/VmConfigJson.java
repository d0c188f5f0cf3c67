package io.vmm4j.core.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Reads and writes {@link VmConfig} as JSON under the configuration file's keys, as strictly as {@link StrictJson}.
 * Thread-safe.
 */
public final class VmConfigJson {

    /** A configuration is a page of text; more than this, in bytes, is some other file. */
    private static final int MAX_FILE_BYTES = 1 << 20;

    private VmConfigJson() {
    }

    /**
     * Reads a configuration file.
     *
     * @throws ConfigException when it is not a configuration; the problem's key is the file's name or a field's
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

    /** What a file, a pipe or a device holds, if that is not beyond measure. */
    private static String text(Path file) throws ConfigException, IOException {
        byte[] bytes;
        try (InputStream input = Files.newInputStream(file)) {
            bytes = input.readNBytes(MAX_FILE_BYTES + 1);
        }
        if (bytes.length > MAX_FILE_BYTES) {
            throw new ConfigException(file.toString(), "a file of more than " + MAX_FILE_BYTES + " bytes is no configuration");
        }
        if (bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF) {
            throw new ConfigException(file.toString(), "the file begins with a byte order mark, which JSON does not have: save it as UTF-8 without");
        }
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    /** Why {@code file} could not be read or its name is none: the rest of a sentence that begins with it. */
    public static String whyUnreadable(String file, Exception e) {
        if (e instanceof NoSuchFileException) {
            return "does not exist";
        }
        if (e instanceof AccessDeniedException) {
            return "cannot be read: permission denied";
        }
        if (e instanceof CharacterCodingException) {
            return "is not UTF-8 text";
        }
        return e instanceof IOException && Files.isDirectory(Path.of(file)) ? "is a directory" : "cannot be read: " + e.getMessage();
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
