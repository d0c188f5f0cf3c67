package io.vmm4j.core.event;

/** Hears of what happens to a machine. */
@FunctionalInterface
public interface VmListener {

    /**
     * Something has happened. Called on a thread of the listener's own, one event after the other in their order, so it may take its
     * time; but who is {@value VmEvents#CAPACITY} events behind misses some and is told so. What it throws is logged.
     */
    void onEvent(VmEvent event);
}
