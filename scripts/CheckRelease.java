import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;

/**
 * Checks what scripts/release has made: {@code maven REPOSITORY VERSION}, against what Maven Central demands of an artifact, or
 * {@code program DIRECTORY}, that all of the program is there and its pages' links lead somewhere. Each finding is a line; status 1 with any.
 */
final class CheckRelease {

    private static final Set<String> ARTIFACTS = Set.of("vmm-bom", "vmm-parent", "vmm-kvm", "vmm-devices", "vmm-core", "vmm-api", "vmm-junit",
            "vmm-micrometer");
    private static final List<String> POM_MUST_HAVE = List.of("groupId", "artifactId", "version", "name", "description", "url",
            "licenses/license/name", "licenses/license/url", "developers/developer/name", "scm/connection", "scm/developerConnection", "scm/url");
    private static final List<String> PROGRAM_MUST_HAVE = List.of("bin/vmm", "bin/dbs-cli", "bin/firecracker", "lib/archive/make",
            "lib/native/libjnidispatch.so", "share/man/man1/vmm.1", "share/man/man1/vmm-run.1", "share/bash-completion/completions/vmm",
            "share/zsh/site-functions/_vmm", "share/fish/vendor_completions.d/vmm.fish", "LICENSE", "README.md", "THIRD-PARTY.md",
            "CHANGELOG.md", "docs/command-line.md");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)(#[^)]*)?\\)");
    private static final Pattern VERSION_AT_END = Pattern.compile("-[0-9][^/]*\\.jar$");

    private final List<String> findings = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        CheckRelease check = new CheckRelease();
        if (args[0].equals("maven")) {
            check.repository(Path.of(args[1]), args[2]);
        } else {
            check.program(Path.of(args[1]));
        }
        check.findings.forEach(System.err::println);
        System.exit(check.findings.isEmpty() ? 0 : 1);
    }

    private void repository(Path root, String version) throws Exception {
        Path group = root.resolve("io/vmm4j");
        Set<String> found = new TreeSet<>();
        try (Stream<Path> directories = Files.list(group)) {
            directories.forEach(directory -> found.add(directory.getFileName().toString()));
        }
        for (String artifact : ARTIFACTS) {
            expect(found.contains(artifact), artifact + " is not published");
        }
        for (String artifact : found) {
            artifact(group.resolve(artifact).resolve(version), artifact, version);
        }
    }

    private void artifact(Path directory, String artifact, String version) throws Exception {
        String base = artifact + "-" + version;
        Path file = directory.resolve(base + ".pom");
        if (!Files.exists(file)) {
            findings.add(artifact + " has no pom of version " + version);
            return;
        }
        Document pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file.toFile());
        XPath path = XPathFactory.newInstance().newXPath();
        for (String element : POM_MUST_HAVE) {
            expect(!path.evaluate("/project/" + element, pom).isBlank(), artifact + "'s pom has no " + element);
        }
        expect(path.evaluate("/project/parent", pom).isBlank(), artifact + "'s pom has a parent: it is not flattened");
        expect(path.evaluate("/project/version", pom).equals(version), artifact + "'s pom has another version");
        int dependencies = Integer.parseInt(path.evaluate("count(//dependency)", pom));
        expect(dependencies == Integer.parseInt(path.evaluate("count(//dependency/version)", pom)),
                artifact + "'s pom leaves a dependency's version to others");
        String text = Files.readString(file);
        expect(!text.contains("SNAPSHOT"), artifact + "'s pom names a snapshot");
        expect(!text.contains("${"), artifact + "'s pom has a property in it");
        if (!path.evaluate("/project/packaging", pom).equals("pom")) {
            jar(directory, base + ".jar", "META-INF/LICENSE");
            jar(directory, base + "-sources.jar", "META-INF/LICENSE");
            jar(directory, base + "-javadoc.jar", "index.html");
        }
        try (Stream<Path> files = Files.list(directory)) {
            for (Path each : files.filter(each -> !each.toString().matches(".*\\.(md5|sha1)")).toList()) {
                for (String sum : List.of(".md5", ".sha1")) {
                    expect(Files.exists(Path.of(each + sum)), each.getFileName() + " has no " + sum);
                }
            }
        }
    }

    private void jar(Path directory, String name, String entry) throws IOException {
        Path file = directory.resolve(name);
        if (!Files.exists(file)) {
            findings.add(name + " is not published");
            return;
        }
        try (ZipFile jar = new ZipFile(file.toFile())) {
            expect(jar.getEntry(entry) != null, name + " has no " + entry);
        }
    }

    private void program(Path home) throws IOException {
        for (String file : PROGRAM_MUST_HAVE) {
            expect(Files.exists(home.resolve(file)), "the program lacks " + file);
        }
        String manual = Files.readString(home.resolve("share/man/man1/vmm.1"));
        for (String section : List.of("EXAMPLES", "FILES", "ENVIRONMENT")) {
            expect(manual.contains(".SH \"" + section + "\""), "the manual has no section " + section);
        }
        String thirdParty = Files.readString(home.resolve("THIRD-PARTY.md"));
        try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
            jars.map(jar -> jar.getFileName().toString()).filter(jar -> jar.endsWith(".jar") && !jar.startsWith("vmm-"))
                    .map(jar -> VERSION_AT_END.matcher(jar).replaceFirst(""))
                    .forEach(library -> expect(thirdParty.contains(library), "THIRD-PARTY.md does not know " + library));
        }
        try (Stream<Path> pages = Files.walk(home)) {
            for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
                Matcher link = LINK.matcher(Files.readString(page));
                while (link.find()) {
                    expect(Files.exists(page.resolveSibling(link.group(1))), home.relativize(page) + " links to " + link.group(1) + ", which is not there");
                }
            }
        }
    }

    private void expect(boolean isSo, String otherwise) {
        if (!isSo) {
            findings.add(otherwise);
        }
    }
}
