package io.vmm4j.cli.docs;

import io.vmm4j.cli.UsageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.asciidoctor.Asciidoctor;
import org.asciidoctor.Options;
import org.asciidoctor.SafeMode;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/** Writes the completion of both names (for bash and zsh) and the manual pages, by picocli's own generators. */
public final class GenerateDocs {

    private GenerateDocs() {
    }

    /**
     * Arguments: the directory for completion scripts, the one for the manual's AsciiDoc source as it was last time, and
     * the one for manual pages.
     */
    public static void main(String[] args) throws IOException {
        Path completion = Files.createDirectories(Path.of(args[0]));
        for (String name : List.of("vmm", "dbs-cli")) {
            Files.writeString(completion.resolve(name), AutoComplete.bash(name, UsageModel.of(name)));
        }
        Path source = Files.createDirectories(Path.of(args[1]));
        Path pages = Files.createDirectories(Path.of(args[2]));
        if (writeSource(source) || isEmpty(pages)) {
            convert(source, pages);
        }
    }

    /** Writes the source; false when it is the same as last time, so that nothing has to be converted. */
    private static boolean writeSource(Path source) throws IOException {
        Path fresh = Files.createTempDirectory(source, "new");
        CommandLine program = UsageModel.of("vmm");
        int status = ManPageGenerator.generateManPage(fresh.toFile(), null, new boolean[0], false,
                program.getCommandSpec());
        if (status != 0) {
            throw new IOException("the manual was not written: status " + status);
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

    private static void convert(Path source, Path pages) throws IOException {
        Options options = Options.builder().backend("manpage").safe(SafeMode.UNSAFE).toDir(pages.toFile()).build();
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
