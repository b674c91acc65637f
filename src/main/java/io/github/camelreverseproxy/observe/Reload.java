package io.github.camelreverseproxy.observe;

import java.util.List;

/**
 * An attempt to read everything anew. Immutable.
 *
 * @param time       in milliseconds since 1970
 * @param generation that it has made; 0 if it has failed
 * @param millis     what it took
 * @param files      that have changed
 * @param errors     why it has failed, a line each
 */
public record Reload(long time, int generation, long millis, List<String> files, List<String> errors) {
    public boolean isOk() {
        return generation > 0;
    }
}
