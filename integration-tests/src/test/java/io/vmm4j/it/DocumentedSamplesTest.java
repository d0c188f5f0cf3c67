package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.vmm4j.core.console.ConsoleExpectationException;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The samples of the pages are whole: they compile as they stand, and do what they say. */
@Timeout(120)
class DocumentedSamplesTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern SAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern CLASS = Pattern.compile("^(?:public )?(?:final )?class (\\w+)", Pattern.MULTILINE);

    @TempDir
    Path directory;

    private URLClassLoader compile(String page) throws IOException {
        List<Path> sources = new ArrayList<>();
        Matcher samples = SAMPLE.matcher(Files.readString(ROOT.resolve(page)));
        while (samples.find()) {
            Matcher named = CLASS.matcher(samples.group(1));
            assertTrue(named.find(), () -> page + " has a sample that is not whole: " + samples.group(1));
            sources.add(Files.writeString(directory.resolve(named.group(1) + ".java"), samples.group(1)));
        }
        assertTrue(!sources.isEmpty(), page + " has samples");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        assumeTrue(compiler != null, "this Java has no compiler");
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            boolean isCompiled = compiler.getTask(said, files, null, List.of("-d", directory.toString(), "-cp", System.getProperty("java.class.path"), "-Xlint:all",
                    "-proc:none"), null, files.getJavaFileObjectsFromPaths(sources)).call();
            assertTrue(isCompiled, page + ": " + said);
        }
        return new URLClassLoader(new URL[] {directory.toUri().toURL()});
    }

    private void run(URLClassLoader loader, String name, TinyKernel kernel) throws Throwable {
        assumeKvm();
        Path image = Files.write(directory.resolve("root.img"), new byte[4096]);
        Method main = loader.loadClass(name).getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        try {
            main.invoke(null, (Object) new String[] {kernel.writeTo(directory.resolve("vmlinux")).toString(), image.toString()});
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static TinyKernel guest() {
        return new TinyKernel().print("login:").echoUntil('\n').reset();
    }

    private static void assumeKvm() {
        assumeTrue(Files.isReadable(Path.of("/dev/kvm")) && Files.isWritable(Path.of("/dev/kvm")), "/dev/kvm does not open here");
    }

    @Test
    void thePageOnDevicesIsWhole() throws IOException {
        compile("docs/devices.md").close();
    }

    @Test
    @Tag("kvm")
    void theMachineWithADeviceRuns() throws Throwable {
        try (URLClassLoader loader = compile("docs/devices.md")) {
            run(loader, "ShouterMachine", guest());
        }
    }

    @Test
    @Tag("kvm")
    void theMachineWithAMailboxRuns() throws Throwable {
        try (URLClassLoader loader = compile("docs/devices.md")) {
            run(loader, "MailboxMachine", new TinyKernel().print(0x700, "hello\n").printFrom(0x700, '\n').reset());
        }
    }

    @Test
    void theTestsOfThePageOnDevicesPass() throws Exception {
        assertPasses("docs/devices.md", 5, "ShouterTest", "MailboxTest", "CounterTest");
    }

    @Test
    @Tag("kvm")
    void theTestOfThePageOnTestingPasses() throws Exception {
        assumeKvm();
        Files.write(directory.resolve("root.img"), new byte[4096]);
        guest().writeTo(directory.resolve("vmlinux"));
        System.setProperty("images", directory.toString());
        try {
            assertPasses("docs/testing.md", 1, "LoginTest");
        } finally {
            System.clearProperty("images");
        }
    }

    private void assertPasses(String page, int atLeast, String... tests) throws Exception {
        try (URLClassLoader loader = compile(page)) {
            SummaryGeneratingListener summary = new SummaryGeneratingListener();
            LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
            for (String name : tests) {
                request.selectors(DiscoverySelectors.selectClass(loader.loadClass(name)));
            }
            LauncherFactory.create().execute(request.build(), summary);
            TestExecutionSummary run = summary.getSummary();
            assertTrue(run.getTestsSucceededCount() >= atLeast, () -> "tests run: " + run.getTestsSucceededCount());
            assertEquals(List.of(), run.getFailures().stream().map(failure -> failure.getException().toString()).toList());
        }
    }

    @Test
    @Tag("kvm")
    void theFirstMachineOfBothPagesRuns() throws Throwable {
        for (String page : List.of("README.md", "docs/java.md")) {
            try (URLClassLoader loader = compile(page)) {
                run(loader, "FirstMachine", guest());
            }
        }
    }

    @Test
    @Tag("kvm")
    void theMachineWithMetersRuns() throws Throwable {
        try (URLClassLoader loader = compile("docs/java.md")) {
            run(loader, "MeteredMachine", new TinyKernel().print("up").reset());
        }
    }

    @Test
    @Tag("kvm")
    void theFirstMachineChecksWhatItWaitsFor() throws Throwable {
        assumeKvm();
        try (URLClassLoader loader = compile("README.md")) {
            // A guest that says something else, and ends: there is nothing to wait for any more.
            Throwable thrown = assertThrows(Throwable.class, () -> run(loader, "FirstMachine", new TinyKernel().print("panic").reset()));
            assertInstanceOf(ConsoleExpectationException.class, thrown);
            assertEquals("the guest has ended without printing \"login:\"; since what was found before it has printed:\npanic", thrown.getMessage());
        }
    }
}
