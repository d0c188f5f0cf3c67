package io.vmm4j.core.host;

import io.vmm4j.core.vcpu.VcpuThread;
import io.vmm4j.kvm.libc.Epoll;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The threads of one machine. On them a call that waits for the machine would wait for itself. Thread-safe.
 *
 * <p>The thread that tells of a change of the vCPUs and those that tell of commands to devices are none of them: nothing of the
 * machine waits for what follows a future.
 */
public final class MachineThreads {

    /** What a thread does for its machine. */
    public enum Role {
        /** Serves the guest: a vCPU, an event loop. */
        GUEST,
        /** Serves a console. */
        CONSOLE,
        /** Takes the machine down. */
        END
    }

    /** Where a thread waits that is not at work: class and method. */
    private static final Set<String> REST = Set.of(Epoll.class.getName() + ".await", VcpuThread.class.getName() + ".stayOutWhilePaused",
            SlowWait.class.getName() + ".isOverSoon");

    private static final String UNNAMED = "vm";

    private final String machine;
    private final boolean isNamed;
    private final Map<Thread, Role> roles = new ConcurrentHashMap<>();

    /** Those of a machine that nobody looks for by a name. */
    public MachineThreads() {
        this(UNNAMED, false);
    }

    /**
     * @param machine the machine's name
     * @param isNamed whether it was given that name, and its threads and what is said of it carry it
     */
    public MachineThreads(String machine, boolean isNamed) {
        this.machine = machine;
        this.isNamed = isNamed;
    }

    /** The machine's name. */
    public String machine() {
        return machine;
    }

    /** What the thread that does {@code work} is called: {@code vcpu-0}, or {@code web/vcpu-0} in the machine called web. */
    public String nameFor(String work) {
        return isNamed ? machine + "/" + work : work;
    }

    /** What a line says in front, such as {@code web: }; nothing where the machine was given no name. */
    public String prefix() {
        return isNamed ? machine + ": " : "";
    }

    /** Counts {@code thread} among the machine's own until it ends; one that is yet to start gets the machine's name in front of its own. */
    public void add(Thread thread, Role role) {
        if (isNamed && thread.getState() == Thread.State.NEW && !thread.getName().startsWith(machine + "/")) {
            thread.setName(nameFor(thread.getName()));
        }
        roles.keySet().removeIf(other -> other.getState() == Thread.State.TERMINATED);
        roles.put(thread, role);
    }

    /**
     * Runs {@code work} on the calling thread, which machines share, and counts it among this one's own meanwhile, under the name of the work.
     *
     * @param name of the work, as {@link #nameFor} has it
     */
    public void runAs(Role role, String name, Runnable work) {
        Thread thread = Thread.currentThread();
        String sharedName = thread.getName();
        String ownName = nameFor(name);
        rename(thread, ownName);
        roles.put(thread, role);
        try {
            work.run();
        } finally {
            roles.remove(thread);
            rename(thread, sharedName);
        }
    }

    private static void rename(Thread thread, String name) {
        if (!name.equals(thread.getName())) {
            thread.setName(name);
        }
    }

    /** Counts {@code worker}, which is yet to start, among the machine's own while it runs; its thread gets the machine's name in front of its own. */
    public void add(Worker worker, Role role) {
        boolean isNew = isNamed && !worker.name().startsWith(machine + "/");
        worker.countAmong(this, role, isNew ? nameFor(worker.name()) : worker.name());
    }

    /** Counts {@code thread}, which machines share, until it {@linkplain #leave leaves}. */
    void enter(Thread thread, Role role) {
        roles.put(thread, role);
    }

    /** Counts {@code thread} no longer. */
    void leave(Thread thread) {
        roles.remove(thread);
    }

    /**
     * For a call that waits for the machine.
     *
     * @param call such as {@code pause()}
     * @throws IllegalStateException on a thread of the machine's own
     */
    public void requireOther(String call) {
        refuse(call, roles.get(Thread.currentThread()));
    }

    /**
     * For a call that waits for the guest or a device: a console's threads may.
     *
     * @throws IllegalStateException on a thread that serves the guest
     */
    public void requireNotGuest(String call) {
        Role role = roles.get(Thread.currentThread());
        refuse(call, role == Role.GUEST ? role : null);
    }

    private static void refuse(String call, Role role) {
        if (role != null) {
            throw new IllegalStateException(call + " on thread " + Thread.currentThread().getName() + ", which is the machine's own ("
                    + what(role) + "), would wait for itself; another thread can call it");
        }
    }

    private static String what(Role role) {
        return switch (role) {
            case GUEST -> "it serves the guest";
            case CONSOLE -> "it serves a console";
            case END -> "it takes the machine down";
        };
    }

    /** The threads of {@code role} that are at work now. */
    public List<Thread> busy(Role role) {
        return roles.entrySet().stream().filter(entry -> entry.getValue() == role).map(Map.Entry::getKey)
                .filter(thread -> thread.isAlive() && !isAtRest(thread)).toList();
    }

    private static boolean isAtRest(Thread thread) {
        for (StackTraceElement frame : thread.getStackTrace()) {
            if (REST.contains(frame.getClassName() + "." + frame.getMethodName())) {
                return true;
            }
        }
        return false;
    }
}
