package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.host.GuardedFuture;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.devices.time.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Hands commands to the event loop that owns a device. Thread-safe. */
public final class DeviceLoop {

    /** A loop is never busy so long, but a machine may end with the command on the way. */
    private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final EventLoop loop;
    private final Executor answers;
    private final Consumer<CompletableFuture<?>> bound;

    /**
     * @param loop    owns the device
     * @param helpers tell what has become of a command
     */
    public DeviceLoop(EventLoop loop, HelperThreads helpers) {
        this.loop = loop;
        this.answers = helpers.answers();
        this.bound = answer -> helpers.within(BOUND_NANOS, answer);
    }

    /** As the other constructor, for a device outside a machine: the JVM's common threads tell. */
    DeviceLoop(EventLoop loop) {
        this.loop = loop;
        this.answers = new CompletableFuture<>().defaultExecutor();
        this.bound = answer -> answer.orTimeout(BOUND_NANOS, TimeUnit.NANOSECONDS);
    }

    /**
     * Has the loop run {@code command}.
     *
     * @return its result or what it threw; an {@link IllegalStateException} when the machine has ended. Never completed on
     *     the loop: what follows may wait for it, as closing the machine does. Refuses to be waited for on the loop
     */
    <R> CompletableFuture<R> submit(Supplier<R> command) {
        CompletableFuture<R> answer = new GuardedFuture<>(this::requireOtherThread);
        try {
            loop.execute(() -> {
                Runnable completion;
                try {
                    R result = command.get();
                    completion = () -> answer.complete(result);
                } catch (RuntimeException | Error e) {
                    completion = () -> answer.completeExceptionally(e);
                }
                answers.execute(completion);
            });
        } catch (RejectedExecutionException e) {
            answer.completeExceptionally(new IllegalStateException("the machine has ended", e));
        }
        if (!answer.isDone()) {
            bound.accept(answer);
        }
        return answer;
    }

    private void requireOtherThread() {
        if (loop.inLoop()) {
            throw new IllegalStateException("the device's event loop, which is this thread, would wait for itself; another thread can");
        }
    }

    /** As {@link #submit}, without a result. */
    CompletableFuture<Void> run(Runnable command) {
        return submit(() -> {
            command.run();
            return null;
        });
    }

    /**
     * Checks new limits before they are handed on.
     *
     * @throws IllegalArgumentException naming what is wrong with them
     */
    static RateLimiterConfig checked(RateLimiterConfig limits, String name) {
        Problems problems = new Problems();
        limits.check(name, problems);
        try {
            problems.throwIfAny();
        } catch (ConfigException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        return limits;
    }
}
