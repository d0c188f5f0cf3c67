package io.vmm4j.core.control;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.Problems;
import io.vmm4j.core.config.RateLimiterConfig;
import io.vmm4j.core.host.GuardedFuture;
import io.vmm4j.core.host.HelperThreads;
import io.vmm4j.devices.time.EventLoop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/** Hands commands to the event loop that owns a device, also while the guest is paused. Thread-safe. */
public final class DeviceLoop {

    /** How long a command may wait for its loop, which is never busy so long; but a machine may end with the command on the way. */
    static final Duration BOUND = Duration.ofSeconds(10);

    private final EventLoop loop;
    private final Answers answers;
    private final Duration bound;

    /**
     * @param loop    owns the device
     * @param helpers tell what has become of a command
     */
    @SuppressWarnings("exports") // made by machines only
    public DeviceLoop(EventLoop loop, HelperThreads helpers) {
        this(loop, Answers.of(helpers), BOUND);
    }

    /** As the other constructor, for a device outside a machine: the JVM's common threads tell. */
    DeviceLoop(EventLoop loop) {
        this(loop, BOUND);
    }

    /** @param bound after which a command that was not begun is withdrawn */
    DeviceLoop(EventLoop loop, Duration bound) {
        this(loop, Answers.COMMON, bound);
    }

    private DeviceLoop(EventLoop loop, Answers answers, Duration bound) {
        this.loop = loop;
        this.answers = answers;
        this.bound = bound;
    }

    /** By what answers are given. */
    Answers answers() {
        return answers;
    }

    /** After which a command that has changed nothing is withdrawn. */
    Duration bound() {
        return bound;
    }

    /** An answer yet to come, which refuses to be waited for on the loop. */
    <R> CompletableFuture<R> newAnswer() {
        return new GuardedFuture<>(this::requireOtherThread);
    }

    /** A command yet to begin; {@code late} is what its answer says when that takes too long. */
    <R> Command<R> newCommand(String late) {
        return newCommand(late, bound);
    }

    /** As the other one, with a time of the caller's. */
    <R> Command<R> newCommand(String late, Duration within) {
        return new Command<>(answers, newAnswer(), within, late);
    }

    /**
     * Has the loop run {@code work}.
     *
     * @return its result or what it threw; an {@link IllegalStateException} when the machine has ended or the device was removed; a
     *     {@link java.util.concurrent.TimeoutException} when the loop did not get to it, and then it never will. Never completed on the
     *     loop: what follows may wait for it, as closing the machine does. Refuses to be waited for on the loop
     */
    <R> CompletableFuture<R> submit(Supplier<R> work) {
        Command<R> command = newCommand("the machine's event loop was busy for " + bound.toSeconds() + " s; nothing was changed");
        give(command, () -> {
            if (command.begin()) {
                command.succeed(work.get());
            }
        });
        return command.answer();
    }

    /** Has the loop run {@code work}, which begins {@code command} and answers it. What it throws is the answer. */
    void give(Command<?> command, Runnable work) {
        try {
            loop.executeCommand(() -> {
                try {
                    work.run();
                } catch (RuntimeException | Error e) {
                    command.fail(e);
                }
            });
        } catch (RejectedExecutionException e) {
            command.answer().completeExceptionally(new IllegalStateException("the machine has ended, or the device was removed from it", e));
        }
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
