package io.github.camelreverseproxy.message;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers that keep their order, whatever the case of their names. */
class FieldMapTest {
    private static Map<String, Object> of(String one, Object first, String other, Object second) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(one, first);
        map.put(other, second);
        return map;
    }

    @Test
    void keepsTheOrderAndTheFirstSpelling() {
        FieldMap map = new FieldMap();
        map.put("Zeta", 1);
        map.put("alpha", 2);
        map.put("ZETA", 3);
        assertEquals("{Zeta=3, alpha=2}", map.toString());
        assertEquals(3, map.get("zeta"));
        assertTrue(map.containsKey("ALPHA"));
        assertNull(map.get("beta"));
        assertThrows(NullPointerException.class, () -> map.put(null, 1));
    }

    @Test
    void copyIsOnItsOwn() {
        FieldMap map = new FieldMap();
        map.put("a", 1);
        FieldMap copy = new FieldMap(map);
        copy.put("b", 2);
        map.remove("A");
        assertEquals(Map.of("a", 1, "b", 2), copy);
        assertTrue(map.isEmpty());
        assertEquals("{b=2, a=1}", new FieldMap(of("b", 2, "a", 1)).toString());
    }

    @Test
    void entriesWriteThroughAndCanBeRemoved() {
        FieldMap map = new FieldMap();
        map.put("a", 1);
        map.put("b", 2);
        map.put("c", 3);
        Iterator<Map.Entry<String, Object>> entries = map.entrySet().iterator();
        entries.next().setValue(10);
        entries.next();
        entries.remove();
        assertEquals("c", entries.next().getKey());
        assertFalse(entries.hasNext());
        assertThrows(NoSuchElementException.class, entries::next);
        assertEquals("{a=10, c=3}", map.toString());
        map.clear();
        assertEquals(0, map.size());
        assertNull(map.get("a"));
    }

    /** Against the JDK's map with lower-cased names. */
    @ParameterizedTest
    @ValueSource(ints = {8, 40, 500})
    void doesWhatAMapDoes(int names) {
        Random random = new Random(names);
        FieldMap map = new FieldMap();
        Map<String, Object> expected = new LinkedHashMap<>();
        for (int i = 0; i < 20_000; i++) {
            String name = "name-" + random.nextInt(names);
            String spelled = random.nextBoolean() ? name.toUpperCase(Locale.ROOT) : name;
            switch (random.nextInt(8)) {
                case 0 -> assertEquals(expected.remove(name), map.remove(spelled));
                case 1, 2, 3 -> assertEquals(expected.put(name, i), map.put(spelled, i));
                default -> assertEquals(expected.get(name), map.get(spelled));
            }
            assertEquals(expected.size(), map.size());
        }
        List<String> order = new ArrayList<>(expected.keySet());
        assertEquals(order, map.keySet().stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toList()));
        Map<String, Object> copy = new FieldMaps().newMap(map);
        assertNotSame(map, copy);
        order.forEach(name -> assertEquals(expected.get(name), copy.get(name)));
    }
}
