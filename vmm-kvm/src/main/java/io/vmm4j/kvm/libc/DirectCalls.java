package io.vmm4j.kvm.libc;

import com.sun.jna.FromNativeConverter;
import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ToNativeConverter;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.Buffer;

/**
 * Binds native methods that take and return {@code int}, {@code long} and buffers, as {@link Native#register} does, but
 * sooner: that one first describes all types there are, reading structures field by field by reflection, which is a sixth
 * of the time from the start of the process to the guest's first instruction. This one describes the three it needs.
 *
 * <p>For that it calls a method of JNA's that is not public. Where that is missing, out of reach or slow to call,
 * {@link Native#register} does the work.
 */
final class DirectCalls {

    /** JNA's ways to pass an argument: as it is, and the address that a buffer's position has. */
    private static final int CVT_DEFAULT = 0;
    private static final int CVT_BUFFER = 5;

    /** libffi's {@code ffi_type}: size, alignment and code of a type, and no elements. */
    private static final int FFI_TYPE_BYTES = 24;
    private static final int FFI_TYPE_ALIGNMENT = 8;
    private static final int FFI_TYPE_CODE = 10;
    private static final int FFI_TYPE_SINT32 = 10;
    private static final int FFI_TYPE_SINT64 = 12;
    private static final int FFI_TYPE_POINTER = 14;

    private static final int METHOD_HANDLE_REFLECTION = 18;

    private final NativeLibrary library;
    private final Method registerMethod;
    // Never freed: what is bound refers to them.
    private final long int32 = ffiType(Integer.BYTES, FFI_TYPE_SINT32);
    private final long int64 = ffiType(Long.BYTES, FFI_TYPE_SINT64);
    private final long pointer = ffiType(Long.BYTES, FFI_TYPE_POINTER);

    private DirectCalls(NativeLibrary library) throws ReflectiveOperationException {
        this.library = library;
        registerMethod = Native.class.getDeclaredMethod("registerMethod", Class.class, String.class, String.class, int[].class,
                long[].class, long[].class, int.class, long.class, long.class, Method.class, long.class, int.class,
                boolean.class, ToNativeConverter[].class, FromNativeConverter.class, String.class);
        registerMethod.setAccessible(true);
    }

    /**
     * Binds all native methods of {@code owner} to the functions of their names.
     *
     * @throws UnsatisfiedLinkError when {@code library} lacks one
     */
    static void register(Class<?> owner, NativeLibrary library) {
        if (!isReflectionCheap()) {
            Native.register(owner, library);
            return;
        }
        try {
            DirectCalls calls = new DirectCalls(library);
            for (Method method : owner.getDeclaredMethods()) {
                if (Modifier.isNative(method.getModifiers())) {
                    calls.bind(owner, method);
                }
            }
        } catch (ReflectiveOperationException | RuntimeException | NoClassDefFoundError e) {
            Native.register(owner, library);
        }
    }

    /** From Java 18 on, the first call of a method by reflection generates code, 80 ms of it here, unless told not to. */
    private static boolean isReflectionCheap() {
        return Runtime.version().feature() < METHOD_HANDLE_REFLECTION || Boolean.getBoolean("jdk.reflect.useNativeAccessorOnly");
    }

    private void bind(Class<?> owner, Method method) throws ReflectiveOperationException {
        Class<?>[] parameters = method.getParameterTypes();
        int[] conversions = new int[parameters.length];
        long[] types = new long[parameters.length];
        StringBuilder signature = new StringBuilder("(");
        for (int i = 0; i < parameters.length; i++) {
            conversions[i] = parameters[i] == Buffer.class ? CVT_BUFFER : CVT_DEFAULT;
            types[i] = typeOf(parameters[i]);
            signature.append(parameters[i].descriptorString());
        }
        signature.append(')').append(method.getReturnType().descriptorString());
        long result = typeOf(method.getReturnType());
        Function function = library.getFunction(method.getName());
        registerMethod.invoke(null, owner, method.getName(), signature.toString(), conversions, types, types, CVT_DEFAULT,
                result, result, method, Pointer.nativeValue(function), function.getCallingConvention(), false,
                new ToNativeConverter[parameters.length], null, Native.getDefaultStringEncoding());
    }

    private long typeOf(Class<?> type) {
        if (type == int.class) {
            return int32;
        }
        if (type == long.class) {
            return int64;
        }
        if (type == Buffer.class) {
            return pointer;
        }
        throw new IllegalArgumentException(type.getName());
    }

    private static long ffiType(int bytes, int code) {
        long address = Native.malloc(FFI_TYPE_BYTES);
        Pointer type = new Pointer(address);
        type.clear(FFI_TYPE_BYTES);
        type.setLong(0, bytes);
        type.setShort(FFI_TYPE_ALIGNMENT, (short) bytes);
        type.setShort(FFI_TYPE_CODE, (short) code);
        return address;
    }
}
