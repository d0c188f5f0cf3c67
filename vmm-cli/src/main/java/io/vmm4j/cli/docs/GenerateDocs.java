package io.vmm4j.cli.docs;

import io.vmm4j.cli.UsageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.asciidoctor.Asciidoctor;
import org.asciidoctor.Attributes;
import org.asciidoctor.Options;
import org.asciidoctor.SafeMode;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/**
 * Writes the completion of both names, for bash by picocli's own generator and for zsh and fish by ours, and the manual pages, by
 * picocli's, with what is written by hand behind what it knows of.
 */
public final class GenerateDocs {

    private static final List<String> NAMES = List.of("vmm", "dbs-cli");

    private GenerateDocs() {
    }

    /**
     * Arguments: the directory share, the one for the manual's AsciiDoc source as it was last time, the one with the sections written by
     * hand, the version, and the date in the pages, as year, month and day (the same for every build of one source).
     */
    public static void main(String[] args) throws IOException {
        Path share = Path.of(args[0]);
        writeCompletion(share);
        Path source = Files.createDirectories(Path.of(args[1]));
        Path pages = Files.createDirectories(share.resolve("man/man1"));
        if (writeSource(source, Path.of(args[2])) || isEmpty(pages)) {
            convert(source, pages, args[3], args[4]);
        }
    }

    private static void writeCompletion(Path share) throws IOException {
        Path bash = Files.createDirectories(share.resolve("bash-completion/completions"));
        Path fish = Files.createDirectories(share.resolve("fish/vendor_completions.d"));
        Path zsh = Files.createDirectories(share.resolve("zsh/site-functions"));
        for (String name : NAMES) {
            CommandLine model = UsageModel.of(name);
            Files.writeString(bash.resolve(name), AutoComplete.bash(name, model));
            Files.writeString(fish.resolve(name + ".fish"), FishCompletion.of(name, model));
        }
        Files.writeString(zsh.resolve("_vmm"), ZshCompletion.of(NAMES, UsageModel.of("vmm")));
    }

    /** Writes the source; false when it is the same as last time, so that nothing has to be converted. */
    private static boolean writeSource(Path source, Path sections) throws IOException {
        Path fresh = Files.createTempDirectory(source, "new");
        CommandLine program = UsageModel.of("vmm");
        int status = ManPageGenerator.generateManPage(fresh.toFile(), null, new boolean[0], false,
                program.getCommandSpec());
        if (status != 0) {
            throw new IOException("the manual was not written: status " + status);
        }
        for (Path section : filesIn(sections)) {
            Files.writeString(fresh.resolve(section.getFileName()), "\n" + Files.readString(section), StandardOpenOption.APPEND);
        }
        boolean isChanged = false;
        for (Path page : filesIn(fresh)) {
            Path last = source.resolve(page.getFileName());
            isChanged |= !Files.exists(last) || Files.mismatch(page, last) >= 0;
            Files.move(page, last, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.delete(fresh);
        return isChanged;
    }

    private static void convert(Path source, Path pages, String version, String date) throws IOException {
        // The pages' own headers leave the version out, and the date would be that of the file.
        Attributes attributes = Attributes.builder().attribute("mansource", "vmm " + version).attribute("manmanual", "vmm Manual")
                .attribute("docdate", date).build();
        Options options = Options.builder().backend("manpage").safe(SafeMode.UNSAFE).toDir(pages.toFile()).attributes(attributes).build();
        try (Asciidoctor converter = Asciidoctor.Factory.create()) {
            for (Path page : filesIn(source)) {
                converter.convertFile(page.toFile(), options);
            }
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        return filesIn(directory).isEmpty();
    }

    private static List<Path> filesIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
