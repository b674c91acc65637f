package io.github.camelreverseproxy.message;

import java.util.Map;

import org.apache.camel.spi.HeadersMapFactory;

/** Gives messages headers that keep their order: fields leave in the order in which they came. Thread-safe. */
public final class FieldMaps implements HeadersMapFactory {
    @Override
    public Map<String, Object> newMap() {
        return new FieldMap();
    }

    @Override
    public Map<String, Object> newMap(Map<String, Object> map) {
        return new FieldMap(map);
    }

    @Override
    public boolean isInstanceOf(Map<String, Object> map) {
        return map instanceof FieldMap;
    }

    @Override
    public boolean isCaseInsensitive() {
        return true;
    }
}
