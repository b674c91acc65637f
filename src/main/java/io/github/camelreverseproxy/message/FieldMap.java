package io.github.camelreverseproxy.message;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;

/**
 * Headers of a message in the order in which they were set, their names without regard to case; a name stays as it was
 * spelled first. Compact and quick to copy for the dozen headers that a message has; with {@link EndToEndFields#MOST}, the
 * most that either side may send, it is still no matter. (Camel's own map is ordered by name.) Not thread-safe.
 */
final class FieldMap extends AbstractMap<String, Object> {
    private static final int ROOM = 16;

    private String[] names;
    private Object[] values;
    private int size;

    FieldMap() {
        names = new String[ROOM];
        values = new Object[ROOM];
    }

    FieldMap(Map<String, Object> others) {
        if (others instanceof FieldMap fields) {
            size = fields.size;
            names = Arrays.copyOf(fields.names, size + 4);
            values = Arrays.copyOf(fields.values, size + 4);
        } else {
            names = new String[others.size() + 4];
            values = new Object[others.size() + 4];
            putAll(others);
        }
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public boolean containsKey(Object name) {
        return find((String) name) >= 0;
    }

    @Override
    public Object get(Object name) {
        int at = find((String) name);
        return at < 0 ? null : values[at];
    }

    @Override
    public Object put(String name, Object value) {
        int at = find(Objects.requireNonNull(name));
        if (at >= 0) {
            Object before = values[at];
            values[at] = value;
            return before;
        }
        if (size == names.length) {
            names = Arrays.copyOf(names, size * 2);
            values = Arrays.copyOf(values, size * 2);
        }
        names[size] = name;
        values[size++] = value;
        return null;
    }

    @Override
    public Object remove(Object name) {
        int at = find((String) name);
        return at < 0 ? null : removeAt(at);
    }

    @Override
    public void clear() {
        Arrays.fill(names, 0, size, null);
        Arrays.fill(values, 0, size, null);
        size = 0;
    }

    private Object removeAt(int at) {
        Object before = values[at];
        size--;
        System.arraycopy(names, at + 1, names, at, size - at);
        System.arraycopy(values, at + 1, values, at, size - at);
        names[size] = null;
        values[size] = null;
        return before;
    }

    private int find(String name) {
        for (int i = 0; i < size; i++) {
            if (same(names[i], name)) {
                return i;
            }
        }
        return -1;
    }

    private static boolean same(String a, String b) {
        return a == b || a.length() == b.length() && a.equalsIgnoreCase(b);
    }

    @Override
    public Set<Map.Entry<String, Object>> entrySet() {
        return new Entries();
    }

    private final class Entries extends AbstractSet<Map.Entry<String, Object>> {
        @Override
        public int size() {
            return size;
        }

        @Override
        public Iterator<Map.Entry<String, Object>> iterator() {
            return new Cursor();
        }
    }

    private final class Cursor implements Iterator<Map.Entry<String, Object>> {
        private int next;

        @Override
        public boolean hasNext() {
            return next < size;
        }

        @Override
        public Map.Entry<String, Object> next() {
            if (next >= size) {
                throw new NoSuchElementException();
            }
            return new Field(names[next], values[next++]);
        }

        @Override
        public void remove() {
            removeAt(--next);
        }
    }

    private final class Field extends SimpleEntry<String, Object> {
        private static final long serialVersionUID = 1L;

        Field(String name, Object value) {
            super(name, value);
        }

        @Override
        public Object setValue(Object value) {
            put(getKey(), value);
            return super.setValue(value);
        }
    }
}
