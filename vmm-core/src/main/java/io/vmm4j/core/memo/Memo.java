package io.vmm4j.core.memo;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Values that follow from their keys alone and are made once for all machines that are alike. The least recently used goes where there are more
 * than so many. Thread-safe; two threads that find none may both make one.
 *
 * @param <K> with equality by value, and never changed. A record as a key writes its {@code hashCode} out: the JVM makes the usual one when it is
 *     first called, of method handles, which costs a start some milliseconds for each record
 * @param <V> never changed
 */
public final class Memo<K, V> {

    private static final float LOAD_FACTOR = 0.75f;

    /** Guarded by this. */
    private final Map<K, V> values;

    /** @param capacity how many values are kept at most */
    public Memo(int capacity) {
        values = new LinkedHashMap<>(capacity, LOAD_FACTOR, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > capacity;
            }
        };
    }

    /** The value of {@code key}; {@code null} where it is to be made. */
    public synchronized V find(K key) {
        return values.get(key);
    }

    /** Keeps the value of {@code key}, and returns it. */
    public synchronized V keep(K key, V made) {
        values.put(key, made);
        return made;
    }
}
