package io.vmm4j.core.host;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future that refuses to be waited for where the wait would be for the waiter itself. So do all that are derived from it.
 * Thread-safe.
 *
 * @param <T> its value
 */
public final class GuardedFuture<T> extends CompletableFuture<T> {

    private final Runnable guard;

    /** @param guard throws an {@link IllegalStateException} on a thread that must not wait */
    public GuardedFuture(Runnable guard) {
        this.guard = guard;
    }

    /** A future that completes as {@code source} does. */
    public static <T> CompletableFuture<T> of(CompletableFuture<T> source, Runnable guard) {
        GuardedFuture<T> guarded = new GuardedFuture<>(guard);
        source.whenComplete((value, failure) -> {
            if (failure == null) {
                guarded.complete(value);
            } else {
                guarded.completeExceptionally(failure);
            }
        });
        return guarded;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new GuardedFuture<>(guard);
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        check();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        if (timeout > 0) {
            check();
        }
        return super.get(timeout, unit);
    }

    @Override
    public T join() {
        check();
        return super.join();
    }

    private void check() {
        if (!isDone()) {
            guard.run();
        }
    }
}
