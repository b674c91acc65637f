package io.github.camelreverseproxy.listener;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;

/**
 * A target in absolute form is brought into origin form, and its host takes the place of the field Host (RFC 9112, section
 * 3.2.2); it chooses nothing here. OPTIONS without a path is asked of the server as a whole (section 3.2.4).
 */
final class AbsoluteForm implements RequestRule {
    @Override
    public void check(HttpRequest request) {
        String target = request.uri();
        int begin = authority(target);
        if (begin < 0) {
            return;
        }
        int end = end(target, begin);
        String rest = target.substring(end);
        boolean whole = rest.isEmpty() && request.method().name().equals("OPTIONS");
        request.setUri(whole ? "*" : rest.startsWith("/") ? rest : "/" + rest);
        request.headers().set(HttpHeaderNames.HOST, target.substring(begin, end));
    }

    /** Where the authority of a target in absolute form begins, or -1 for another form. */
    static int authority(String target) {
        return target.regionMatches(true, 0, "http://", 0, 7) ? 7 : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
    }

    /** Where the authority ends that begins there. */
    static int end(String target, int begin) {
        int end = Math.max(0, begin);
        while (end < target.length() && "/?".indexOf(target.charAt(end)) < 0) {
            end++;
        }
        return end;
    }
}
