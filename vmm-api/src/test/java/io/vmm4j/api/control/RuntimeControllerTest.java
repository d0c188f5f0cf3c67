package io.vmm4j.api.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vmm4j.api.request.ApiException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

final class RuntimeControllerTest {

    @Test
    void whatADeviceDidNotDoInTimeIsToldInItsOwnWords() {
        CompletableFuture<Void> late = CompletableFuture.failedFuture(new TimeoutException("drive a: it stays on that image"));
        ApiException refusal = assertThrows(ApiException.class, () -> RuntimeController.await(late));
        assertEquals("Internal VMM error: drive a: it stays on that image.", refusal.getMessage());
    }
}
