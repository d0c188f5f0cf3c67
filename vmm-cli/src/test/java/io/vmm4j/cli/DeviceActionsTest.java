package io.vmm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.vmm4j.core.control.ControlAction;
import io.vmm4j.core.control.DeviceChangeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceActionsTest {

    private static final List<String> NAMES = List.of("drive a", "drive b", "drive c");

    private final List<Integer> begun = new ArrayList<>();

    private CompletableFuture<Void> inOrder(IntFunction<CompletableFuture<Void>> step) {
        return DeviceActions.inOrder(NAMES, i -> {
            begun.add(i);
            return step.apply(i);
        });
    }

    private static Throwable failureOf(CompletableFuture<Void> change) {
        return assertThrows(ExecutionException.class, change::get).getCause();
    }

    @Test
    void theNextOfAListWaitsForTheOneBefore() {
        CompletableFuture<Void> first = new CompletableFuture<>();
        CompletableFuture<Void> all = inOrder(i -> i == 0 ? first : CompletableFuture.completedFuture(null));
        assertEquals(List.of(0), begun);
        first.complete(null);
        assertEquals(List.of(0, 1, 2), begun);
        assertTrue(all.isDone());
    }

    @Test
    void aFirstThatCannotBeRefusesTheWhole() {
        assertEquals("no", assertThrows(IllegalArgumentException.class, () -> inOrder(i -> {
            throw new IllegalArgumentException("no");
        })).getMessage());
        assertEquals("the list is empty", assertThrows(IllegalArgumentException.class, () -> DeviceActions.inOrder(List.of(), null)).getMessage());
    }

    @Test
    void aFirstThatFailsFailsTheWholeInItsWords() {
        CompletableFuture<Void> all = inOrder(i -> CompletableFuture.failedFuture(new DeviceChangeException("the guest sleeps")));
        assertEquals("the guest sleeps", failureOf(all).getMessage());
        assertEquals(List.of(0), begun);
    }

    @Test
    void aLaterOneThatCannotBeOrFailsTellsWhatWasAddedBefore() {
        CompletableFuture<Void> refused = inOrder(i -> {
            if (i == 2) {
                throw new IllegalArgumentException("no");
            }
            return CompletableFuture.completedFuture(null);
        });
        assertEquals(DeviceChangeException.class, failureOf(refused).getClass());
        assertEquals("no; added before it: drive a, drive b", failureOf(refused).getMessage());
        CompletableFuture<Void> failed = inOrder(i -> i == 1 ? CompletableFuture.<Void>failedFuture(new DeviceChangeException("the guest sleeps")).copy()
                : CompletableFuture.completedFuture(null));
        assertEquals("the guest sleeps; added before it: drive a", failureOf(failed).getMessage());
        assertFalse(begun.subList(3, begun.size()).contains(2), "nothing follows one that has failed");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "insert_virblks | {}                       | config must be a text, and is missing",
        "insert_virblks | {'config': []}           | config must be a text, and is of another type",
        "insert_virnets | {'config': ''}           | config must be a text, and is empty",
        "insert_virblks | {'config': '[]'}         | the list is empty",
        "remove_virblk  | {}                       | drive_id must be a text, and is missing",
        "remove_virnet  | {'iface_id': 7}          | iface_id must be a text, and is of another type",
        "insert_virblks | {'config': '['}          | the text ends too early at line 1 column 2 (config)",
        "insert_virblks | {'action': 'insert_virblks', 'config': '[]', 'foo': 1} | unknown key \"foo\", known are action, config",
        "patch_fs       | {}                       | config must be a text, and is missing",
        "patch_fs       | {'config': '{}'}         | ops \"null\" is not supported: only mount and umount are (config)",
        "insert_host_device | {}                   | devices of the host cannot be handed to a guest",
    })
    void whatIsNoneOfTheMachinesConcernIsRefusedBeforeItIsAsked(String action, String request, String message) throws Exception {
        Map<String, ControlAction> actions = DeviceActions.of(() -> {
            throw new IllegalStateException("asked");
        });
        var json = new ObjectMapper().readTree(request.replace('\'', '"'));
        assertEquals(message, assertThrows(IllegalArgumentException.class, () -> actions.get(action).carryOut(json)).getMessage());
    }
}
