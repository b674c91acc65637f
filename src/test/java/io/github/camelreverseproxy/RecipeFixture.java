package io.github.camelreverseproxy;

import java.util.List;
import java.util.Properties;

import io.github.camelreverseproxy.wire.Message;
import io.github.camelreverseproxy.wire.Proxy;
import io.github.camelreverseproxy.wire.Recipe;
import io.github.camelreverseproxy.wire.Upstream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/** The recipe of docs/recipes.md whose title a test has. */
abstract class RecipeFixture {
    Recipe recipe;

    @BeforeEach
    void open(TestInfo test) throws Exception {
        recipe = Recipe.titles().contains(test.getDisplayName()) ? Recipe.of(test.getDisplayName()) : null;
    }

    /** The recipe's own, but for properties that the test has to have otherwise. */
    final Proxy cooked(String... property) throws Exception {
        Properties own = recipe.properties();
        for (int i = 0; i < property.length; i += 2) {
            own.setProperty(property[i], property[i + 1]);
        }
        Proxy proxy = new Proxy(own.entrySet().stream().flatMap(entry -> List.of((String) entry.getKey(), (String) entry.getValue()).stream()).toArray(String[]::new));
        recipe.edit(proxy.routes());
        return proxy.start();
    }

    final Message curl(Proxy proxy) throws Exception {
        return proxy.exchange(recipe.requests().get(0));
    }

    static List<Integer> seen(Proxy proxy) {
        return proxy.upstreams().stream().map(Upstream::pending).toList();
    }
}
