package io.vmm4j.core.json;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.List;

/**
 * What a record's component has to be, by its type: a text, a truth value, a whole number of 0 or more, an enum by what its constants print,
 * another record, a list of these. No value is of a type beyond those.
 */
final class ComponentShapes {

    private static final Shape<Integer> INT = new Shape<>() {
        @Override
        Integer read(Reading reading) throws SerdeException {
            long number = Shapes.U32.read(reading);
            if (number > Integer.MAX_VALUE) {
                throw reading.tokens().fault("invalid value: integer `" + number + "`, expected i32");
            }
            return (int) number;
        }
    };

    private static final Shape<Long> LONG = new Shape<>() {
        @Override
        Long read(Reading reading) throws SerdeException {
            long number = Shapes.U64.read(reading);
            if (number < 0) {
                throw reading.tokens().fault("invalid value: integer `" + Long.toUnsignedString(number) + "`, expected i64");
            }
            return number;
        }
    };

    private static final Shape<Object> NOTHING = new Shape<>() {
        @Override
        Object read(Reading reading) throws SerdeException {
            reading.peekValue();
            throw reading.invalidType("nothing");
        }
    };

    private ComponentShapes() {
    }

    static Shape<?> of(RecordComponent component) {
        Class<?> type = component.getType();
        if (type != List.class) {
            return of(type);
        }
        Type element = ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0];
        return element instanceof Class<?> known ? Shapes.list(of(known)) : NOTHING;
    }

    private static Shape<?> of(Class<?> type) {
        if (type == String.class) {
            return Shapes.STRING;
        }
        if (type == Boolean.class) {
            return Shapes.BOOL;
        }
        if (type == Integer.class) {
            return INT;
        }
        if (type == Long.class) {
            return LONG;
        }
        if (type.isEnum()) {
            return new Constants(type.getEnumConstants());
        }
        return type.isRecord() ? RecordShape.of(type) : NOTHING;
    }

    /** A constant of an enum. */
    private static final class Constants extends Converted<Object> {

        private final Object[] constants;

        Constants(Object[] constants) {
            this.constants = constants;
        }

        @Override
        protected Object convert(String text) throws SerdeException {
            for (Object constant : constants) {
                if (constant.toString().equals(text)) {
                    return constant;
                }
            }
            throw SerdeException.custom("unknown variant `" + text + "`");
        }
    }
}
