package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Pty;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class FdInputTest {

    @Test
    void aWakeUpEndsOneWaitAndNoMore() throws Exception {
        try (Pty pty = Pty.open(); FdInput input = new FdInput(pty.master().value())) {
            byte[] bytes = new byte[16];
            input.wake();
            assertEquals(FdInput.NOTHING, input.read(bytes, true, -1), "the present wait");
            CompletableFuture<Integer> second = new CompletableFuture<>();
            Thread reader = new Thread(() -> {
                try {
                    second.complete(input.read(bytes, true, -1));
                } catch (Exception e) {
                    second.completeExceptionally(e);
                }
            });
            reader.start();
            reader.join(200);
            assertTrue(reader.isAlive(), "a wait that nothing ends goes on");
            input.wake();
            assertEquals(FdInput.NOTHING, second.get(10, TimeUnit.SECONDS), "a wake-up ends it");
            reader.join();
        }
    }
}
