package io.vmm4j.it;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A class in lines: what those see of it who call it or extend it, in an order that does not depend on the compiler. */
final class TypeSignature {

    private final Class<?> type;

    TypeSignature(Class<?> type) {
        this.type = type;
    }

    /** The type's own line and, sorted, those of its members; none when nobody outside of its package sees it. */
    List<String> lines() {
        if (!isSeen(type) || type.isSynthetic() || type.isAnonymousClass()) {
            return List.of();
        }
        List<String> lines = new ArrayList<>();
        lines.add(header());
        Stream<String> fields = Stream.of(type.getDeclaredFields()).filter(this::isSeen).map(Field::toGenericString);
        Stream<String> constructors = Stream.of(type.getDeclaredConstructors()).filter(this::isSeen).map(Constructor::toGenericString);
        Stream<String> methods = Stream.of(type.getDeclaredMethods()).filter(this::isSeen).map(Method::toGenericString);
        Stream.of(fields, constructors, methods).flatMap(members -> members).sorted().forEach(lines::add);
        return lines;
    }

    private static boolean isSeen(Class<?> type) {
        Class<?> outer = type.getDeclaringClass();
        boolean isOpen = Modifier.isPublic(type.getModifiers()) || outer != null && isProtectedIn(outer, type.getModifiers());
        return isOpen && (outer == null ? type.getEnclosingClass() == null : isSeen(outer));
    }

    private boolean isSeen(Member member) {
        return !member.isSynthetic() && (Modifier.isPublic(member.getModifiers()) || isProtectedIn(type, member.getModifiers()));
    }

    private static boolean isProtectedIn(Class<?> owner, int modifiers) {
        return Modifier.isProtected(modifiers) && !Modifier.isFinal(owner.getModifiers());
    }

    private String header() {
        StringBuilder line = new StringBuilder();
        // An interface is abstract, and a nested type that is not an inner class is static: neither says anything.
        int modifiers = type.getModifiers() & (Modifier.classModifiers() | Modifier.ABSTRACT) & ~Modifier.STATIC;
        line.append(Modifier.toString(type.isInterface() ? modifiers & ~Modifier.ABSTRACT : modifiers)).append(' ')
                .append(type.isSealed() ? "sealed " : "").append(kind()).append(' ').append(type.getName());
        if (type.getTypeParameters().length > 0) {
            line.append(Stream.of(type.getTypeParameters()).map(TypeSignature::parameter).collect(Collectors.joining(", ", "<", ">")));
        }
        if (type.getGenericSuperclass() != null) {
            line.append(" extends ").append(type.getGenericSuperclass().getTypeName());
        }
        if (type.getGenericInterfaces().length > 0) {
            line.append(type.isInterface() ? " extends " : " implements ").append(names(type.getGenericInterfaces()));
        }
        if (type.isSealed()) {
            line.append(" permits ").append(Stream.of(type.getPermittedSubclasses()).map(Class::getName).sorted().collect(Collectors.joining(", ")));
        }
        return line.toString();
    }

    private String kind() {
        return type.isAnnotation() ? "@interface" : type.isInterface() ? "interface" : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
    }

    private static String parameter(TypeVariable<?> variable) {
        String bounds = names(variable.getBounds());
        return bounds.equals("java.lang.Object") ? variable.getName() : variable.getName() + " extends " + bounds;
    }

    private static String names(Type[] types) {
        return Stream.of(types).map(Type::getTypeName).collect(Collectors.joining(", "));
    }
}
