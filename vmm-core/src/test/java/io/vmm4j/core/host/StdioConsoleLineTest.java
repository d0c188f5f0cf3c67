package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where a console leaves the cursor of its terminal. */
@Timeout(120)
class StdioConsoleLineTest {

    private TestTerminal terminal;

    @BeforeEach
    void openTerminal() throws Exception {
        terminal = new TestTerminal();
    }

    @AfterEach
    void closeTerminal() {
        terminal.close();
    }

    private void print(String text) throws Exception {
        StdioConsole console = new StdioConsole(terminal.fd(), terminal.fd(), System::nanoTime);
        console.attach(new RecordingPort());
        for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
            console.output().write(octet & 0xFF);
        }
        console.close();
    }

    @Test
    void aLineThatTheGuestHasBegunIsEndedSoThatWhatFollowsBeginsOne() throws Exception {
        print("login: ");
        assertTrue(terminal.awaitText("login: \r\n"), terminal::screen);
    }

    @Test
    void aLineThatTheGuestHasEndedIsNotEndedOnceMore() throws Exception {
        print("off\r\n");
        assertTrue(terminal.awaitText("off\r\n"), terminal::screen);
        assertTrue(terminal.screen().endsWith("off\r\n"), terminal::screen);
    }
}
