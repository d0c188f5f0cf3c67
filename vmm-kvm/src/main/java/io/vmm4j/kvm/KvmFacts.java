package io.vmm4j.kvm;

import io.vmm4j.kvm.abi.CpuidEntry;
import io.vmm4j.kvm.libc.FileStat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What KVM answers alike to everybody as long as its module stays loaded, asked once for all machines of a JVM: a machine that follows others
 * starts sooner by it. A module that is loaded anew makes a new device node, whose answers are asked for anew; those that
 * are {@value #AGE_SECONDS} seconds old are too, for nodes that are kept by hand. What fails is not remembered. Thread-safe.
 */
final class KvmFacts {

    private static final long AGE_SECONDS = 60;

    private static volatile KvmFacts latest;

    /** Asks KVM. */
    @FunctionalInterface
    interface Question<T> {
        T ask() throws KvmException;
    }

    /** One answer. Two who ask for it at once may both ask KVM. */
    private static final class Fact<T> {

        private volatile T known;

        T get(Question<T> question) throws KvmException {
            T answer = known;
            if (answer == null) {
                answer = question.ask();
                known = answer;
            }
            return answer;
        }
    }

    private final FileStat node;
    private final long askedAtNanos;
    private final Map<Integer, Integer> extensions = new ConcurrentHashMap<>();
    private final Fact<Integer> apiVersion = new Fact<>();
    private final Fact<Integer> vcpuMmapSize = new Fact<>();
    private final Fact<List<CpuidEntry>> supportedCpuid = new Fact<>();
    private final Fact<int[]> msrIndexList = new Fact<>();
    private final Fact<List<String>> missing = new Fact<>();

    KvmFacts(FileStat node, long nowNanos) {
        this.node = node;
        this.askedAtNanos = nowNanos;
    }

    /** Those of the device that is at {@code node}. */
    static KvmFacts of(FileStat node) {
        long now = System.nanoTime();
        KvmFacts known = latest;
        if (known == null || !known.isFor(node, now)) {
            known = new KvmFacts(node, now);
            latest = known;
        }
        return known;
    }

    boolean isFor(FileStat other, long nowNanos) {
        return node.isSameFile(other) && node.specialDevice() == other.specialDevice()
                && nowNanos - askedAtNanos < TimeUnit.SECONDS.toNanos(AGE_SECONDS);
    }

    int extension(int cap, Question<Integer> question) throws KvmException {
        Integer known = extensions.get(cap);
        if (known == null) {
            known = question.ask();
            extensions.put(cap, known);
        }
        return known;
    }

    int apiVersion(Question<Integer> question) throws KvmException {
        return apiVersion.get(question);
    }

    int vcpuMmapSize(Question<Integer> question) throws KvmException {
        return vcpuMmapSize.get(question);
    }

    /** The names of required capabilities that are not there. */
    List<String> missing(Question<List<String>> question) throws KvmException {
        return missing.get(() -> List.copyOf(question.ask()));
    }

    /** Immutable. */
    List<CpuidEntry> supportedCpuid(Question<List<CpuidEntry>> question) throws KvmException {
        return supportedCpuid.get(() -> List.copyOf(question.ask()));
    }

    /** Not to be changed. */
    int[] msrIndexList(Question<int[]> question) throws KvmException {
        return msrIndexList.get(question);
    }
}
