package io.vmm4j.core.rootfs;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the program of a container image is run.
 *
 * @param entrypoint what its command begins with, in any case
 * @param command    what follows where the user says nothing
 * @param environment {@code NAME=VALUE} each
 * @param directory  the working directory, absolute
 * @param uid        the user's number
 * @param gid        the group's number
 * @param groups     further groups
 */
public record Container(List<String> entrypoint, List<String> command, List<String> environment, String directory, long uid, long gid,
        List<Long> groups) {

    /** What Docker gives where an image does not. */
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public Container {
        entrypoint = List.copyOf(entrypoint);
        command = List.copyOf(command);
        environment = List.copyOf(environment);
        groups = List.copyOf(groups);
    }

    /** That of an image's configuration, its user looked up in the image. */
    static Container of(JsonNode config, ImageUser user) throws RootfsException {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("PATH", PATH);
        environment.put("HOME", "HOME=" + user.home());
        for (String variable : ImageJson.texts(config.path("Env"))) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                environment.put(variable.substring(0, equals), variable);
            }
        }
        String directory = config.path("WorkingDir").asText("");
        List<String> all = new ArrayList<>(environment.values());
        all.add(directory);
        all.addAll(ImageJson.texts(config.path("Entrypoint")));
        all.addAll(ImageJson.texts(config.path("Cmd")));
        if (all.stream().anyMatch(text -> text.indexOf('\0') >= 0)) {
            throw new RootfsException("its configuration has a text with a byte 0 in it");
        }
        return new Container(ImageJson.texts(config.path("Entrypoint")), ImageJson.texts(config.path("Cmd")), List.copyOf(environment.values()),
                directory.startsWith("/") ? directory : "/" + directory, user.uid(), user.gid(), user.groups());
    }

    /** Its program and arguments, with {@code words} in place of what follows the entry point where there are some. */
    public List<String> words(List<String> words) {
        List<String> all = new ArrayList<>(entrypoint);
        all.addAll(words.isEmpty() ? command : words);
        return all;
    }

    /** The value of PATH. */
    public String path() {
        return environment.stream().filter(variable -> variable.startsWith("PATH=")).map(variable -> variable.substring("PATH=".length())).findFirst()
                .orElse("");
    }

    /** {@code container} as text; JSON's null for none. */
    static byte[] write(Container container) throws IOException {
        return container == null ? "null".getBytes(StandardCharsets.UTF_8) : container.write();
    }

    private byte[] write() throws IOException {
        ObjectNode json = ImageJson.MAPPER.createObjectNode();
        json.set("entrypoint", ImageJson.MAPPER.valueToTree(entrypoint));
        json.set("command", ImageJson.MAPPER.valueToTree(command));
        json.set("environment", ImageJson.MAPPER.valueToTree(environment));
        json.put("directory", directory).put("uid", uid).put("gid", gid);
        json.set("groups", ImageJson.MAPPER.valueToTree(groups));
        return ImageJson.MAPPER.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
    }

    /** What {@link #write(Container)} has written. @throws IOException when it is anything else */
    static Container read(byte[] bytes) throws IOException {
        JsonNode json = ImageJson.MAPPER.readTree(bytes);
        if (json.isNull()) {
            return null;
        }
        if (!json.path("uid").isIntegralNumber() || !json.path("directory").isTextual()) {
            throw new IOException("it is no container's configuration");
        }
        return new Container(ImageJson.texts(json.path("entrypoint")), ImageJson.texts(json.path("command")), ImageJson.texts(json.path("environment")),
                json.path("directory").asText(), json.path("uid").asLong(), json.path("gid").asLong(),
                ImageJson.MAPPER.convertValue(json.path("groups"), new TypeReference<List<Long>>() { }));
    }
}
