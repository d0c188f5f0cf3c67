package io.vmm4j.core.rootfs;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a saved container image, layer by layer, into a tree: an OCI layout (OCI image specification, "Image Layout") or what {@code docker save}
 * writes, in its older form too. Confined to one thread.
 */
final class ImageReader {

    static final String LAYOUT = "oci-layout";
    static final String INDEX = "index.json";
    /** Docker's. */
    static final String MANIFEST = "manifest.json";

    private static final int NESTED_MAX = 4;
    private static final int LAYERS_MAX = 1000;
    private static final int REFERENCES_SHOWN = 10;
    private static final Pattern HASHED = Pattern.compile("(?:.*/)?([0-9a-f]{64})(?:\\.json)?");

    private final Blobs blobs;
    private final String reference;

    /** @param reference which image of several, or {@code null} */
    ImageReader(Blobs blobs, String reference) {
        this.blobs = blobs;
        this.reference = reference;
    }

    /** A layer. @param digest of the file as it is, or {@code null}; @param unpacked of what is in it, or {@code null} */
    private record Layer(String name, String digest, long size, String unpacked) { }

    /** What the image is: its configuration and its layers. */
    private record Parts(JsonNode config, List<Layer> layers) { }

    /** Reads it. @return its configuration, the object {@code config} of it */
    JsonNode read(Tree tree, Stage stage) throws IOException {
        Parts parts = blobs.has(LAYOUT) && blobs.has(INDEX) ? fromLayout() : fromDocker();
        requirePlatform(parts.config());
        if (parts.layers().size() > LAYERS_MAX) {
            throw new RootfsException("it has " + parts.layers().size() + " layers, more than " + LAYERS_MAX);
        }
        TarLayer reader = new TarLayer(tree, stage, true);
        for (Layer layer : parts.layers()) {
            tree.nextLayer();
            try {
                readLayer(layer, reader, stage);
            } catch (RootfsException e) {
                throw new RootfsException("layer " + (layer.digest() == null ? layer.name() : layer.digest()) + ": " + e.getMessage(), e);
            }
        }
        return parts.config().path("config");
    }

    private void readLayer(Layer layer, TarLayer reader, Stage stage) throws IOException {
        try (InputStream raw = blobs.open(layer.name())) {
            CheckedInput packed = layer.digest() == null ? null : new CheckedInput(raw, "it", layer.digest(), layer.size());
            InputStream plain = stage.counted(Unpacked.of(packed == null ? raw : packed));
            CheckedInput unpacked = layer.unpacked() == null ? null : new CheckedInput(plain, "it", layer.unpacked(), -1);
            // The library closes what it has read; the digest is of what is behind the end, too.
            read(reader, new Unclosed(unpacked == null ? plain : unpacked), packed);
            if (unpacked != null) {
                unpacked.finish();
            }
            if (packed != null) {
                packed.finish();
            }
        }
    }

    /** What is not what its digest says has mistakes that follow from that. */
    private static void read(TarLayer reader, InputStream in, CheckedInput packed) throws IOException {
        try {
            reader.read(in);
        } catch (RootfsException e) {
            if (packed != null) {
                packed.finish();
            }
            throw e;
        }
    }

    private static final class Unclosed extends FilterInputStream {
        Unclosed(InputStream in) {
            super(in);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return in.read(bytes, offset, length);
        }

        @Override
        public void close() {
            // Whoever has opened it closes it.
        }
    }

    private static void requirePlatform(JsonNode config) throws RootfsException {
        String architecture = config.path("architecture").asText("amd64");
        String system = config.path("os").asText("linux");
        if (!architecture.equals("amd64") && !architecture.isEmpty() || !system.equals("linux") && !system.isEmpty()) {
            throw new RootfsException("the image is for " + system + "/" + architecture + ", and the guest is linux/amd64");
        }
    }

    private static String blob(String digest) throws RootfsException {
        return "blobs/" + CheckedInput.require(digest).replace(':', '/');
    }

    private JsonNode checked(JsonNode descriptor) throws IOException {
        String digest = descriptor.path("digest").asText();
        try (InputStream in = blobs.open(blob(digest))) {
            CheckedInput checked = new CheckedInput(in, "the blob " + digest, digest, descriptor.path("size").asLong(-1));
            JsonNode json = ImageJson.read(checked, "the blob " + digest);
            checked.finish();
            return json;
        }
    }

    private JsonNode named(String name) throws IOException {
        try (InputStream in = blobs.open(name)) {
            return ImageJson.read(in, name);
        }
    }

    private Parts fromLayout() throws IOException {
        JsonNode manifest = checked(one(named(INDEX).path("manifests")));
        for (int depth = 0; manifest.has("manifests"); depth++) {
            if (depth == NESTED_MAX) {
                throw new RootfsException("indexes are in each other more than " + NESTED_MAX + " deep");
            }
            manifest = checked(forGuest(manifest.path("manifests")));
        }
        JsonNode config = checked(manifest.path("config"));
        List<String> sums = ImageJson.texts(config.path("rootfs").path("diff_ids"));
        boolean hasSums = sums.size() == manifest.path("layers").size();
        List<Layer> layers = new ArrayList<>();
        for (JsonNode layer : manifest.path("layers")) {
            String digest = layer.path("digest").asText();
            String unpacked = hasSums ? CheckedInput.require(sums.get(layers.size())) : null;
            layers.add(new Layer(blob(digest), digest, layer.path("size").asLong(-1), unpacked));
        }
        return new Parts(config, layers);
    }

    /** That of the reference, or the only one. */
    private JsonNode one(JsonNode manifests) throws RootfsException {
        List<JsonNode> found = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (JsonNode manifest : manifests) {
            List<String> own = names(manifest);
            names.addAll(own);
            if (reference == null ? isForGuest(manifest) : own.stream().anyMatch(this::isMeant)) {
                found.add(manifest);
            }
        }
        return only(found, names);
    }

    private static List<String> names(JsonNode manifest) {
        List<String> names = new ArrayList<>();
        JsonNode annotations = manifest.path("annotations");
        for (String key : List.of("io.containerd.image.name", "org.opencontainers.image.ref.name")) {
            if (annotations.has(key)) {
                names.add(annotations.path(key).asText());
            }
        }
        names.add(manifest.path("digest").asText());
        return names;
    }

    /** The whole name, or the tag at its end. */
    private boolean isMeant(String name) {
        return name.equals(reference) || name.endsWith(":" + reference) || name.endsWith("/" + reference);
    }

    private <T> T only(List<T> found, List<String> names) throws RootfsException {
        if (found.size() == 1 || reference != null && !found.isEmpty()) {
            return found.get(0);
        }
        String known = names.stream().limit(REFERENCES_SHOWN).map(name -> Names.show(Names.of(name))).reduce((a, b) -> a + ", " + b).orElse("none");
        throw new RootfsException((found.isEmpty() ? reference == null ? "no image for linux/amd64 is in it" : "no image "
                + Names.show(Names.of(reference)) + " is in it" : found.size() + " images are in it: name one by PATH:REFERENCE") + "; there are " + known);
    }

    /** Of an index for several platforms. */
    private static JsonNode forGuest(JsonNode manifests) throws RootfsException {
        List<String> platforms = new ArrayList<>();
        for (JsonNode manifest : manifests) {
            if (isForGuest(manifest)) {
                return manifest;
            }
            platforms.add(manifest.path("platform").path("os").asText() + "/" + manifest.path("platform").path("architecture").asText());
        }
        throw new RootfsException("the image is not for linux/amd64, but for "
                + Names.show(Names.of(String.join(", ", platforms.stream().limit(REFERENCES_SHOWN).toList()))));
    }

    private static boolean isForGuest(JsonNode manifest) {
        JsonNode platform = manifest.path("platform");
        return platform.isMissingNode() || platform.path("os").asText().equals("linux") && platform.path("architecture").asText().equals("amd64");
    }

    private Parts fromDocker() throws IOException {
        List<JsonNode> found = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (JsonNode image : named(MANIFEST)) {
            List<String> tags = ImageJson.texts(image.path("RepoTags"));
            names.addAll(tags);
            if (reference == null || tags.stream().anyMatch(this::isMeant)) {
                found.add(image);
            }
        }
        JsonNode image = only(found, names);
        JsonNode config = dockerConfig(image.path("Config").asText());
        List<String> files = ImageJson.texts(image.path("Layers"));
        List<String> sums = ImageJson.texts(config.path("rootfs").path("diff_ids"));
        if (files.size() != sums.size()) {
            throw new RootfsException("its " + MANIFEST + " has " + files.size() + " layers, and its configuration the digests of " + sums.size());
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            layers.add(new Layer(files.get(i), null, -1, CheckedInput.require(sums.get(i))));
        }
        return new Parts(config, layers);
    }

    /** Its name has its digest. */
    private JsonNode dockerConfig(String name) throws IOException {
        Matcher hashed = HASHED.matcher(name);
        if (!hashed.matches()) {
            return named(name);
        }
        try (InputStream in = blobs.open(name)) {
            CheckedInput checked = new CheckedInput(in, "the configuration", "sha256:" + hashed.group(1), -1);
            JsonNode config = ImageJson.read(checked, "the configuration");
            checked.finish();
            return config;
        }
    }
}
