package io.github.camelreverseproxy.upstream;

import java.util.Arrays;
import java.util.Comparator;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

import org.apache.camel.Exchange;
import org.apache.camel.Expression;

/**
 * In which order a load balancer asks its branches whether they can take an exchange. Has the state of one use of it in a
 * route; {@link #next} and {@link #taken} are guarded by the load balancer's lock.
 */
abstract class Order {
    /** What exchanges are kept together by, or null; asked before the lock is taken. */
    Object key(Exchange exchange) {
        return null;
    }

    /** The branches by number, the best first. */
    abstract int[] next(Object key);

    /** Whether a branch is asked at all. */
    boolean asks(int branch) {
        return true;
    }

    /** What kind it is, by what rules. */
    @Override
    public String toString() {
        return getClass().getSimpleName();
    }

    /** The one at this place of the order has taken the exchange; those before it could not. */
    void taken(int[] order, int place) {
    }

    /** Each in turn; one that cannot takes no turn away. */
    static final class RoundRobin extends Order {
        private final int[][] turns;
        private int first;

        RoundRobin(int branches) {
            turns = IntStream.range(0, branches).mapToObj(start -> IntStream.range(0, branches).map(i -> (start + i) % branches).toArray()).toArray(int[][]::new);
        }

        @Override
        int[] next(Object key) {
            return turns[first];
        }

        boolean isOwn(int[] order) {
            return turns[order[0]] == order;
        }

        @Override
        void taken(int[] order, int place) {
            first = (order[place] + 1) % turns.length;
        }
    }

    /** By weights; a branch without weight takes nothing. */
    abstract static class ByWeight extends Order {
        final double[] weights;

        ByWeight(int... weights) {
            this.weights = Arrays.stream(weights).asDoubleStream().toArray();
        }

        @Override
        final boolean asks(int branch) {
            return weights[branch] > 0;
        }

        @Override
        public String toString() {
            return super.toString() + Arrays.toString(weights);
        }

        /** Those that are asked, by rank. */
        final int[] sorted(double[] ranks) {
            return IntStream.range(0, weights.length).filter(this::asks).boxed().sorted(Comparator.comparingDouble(i -> ranks[i])).mapToInt(i -> i).toArray();
        }
    }

    /** Any, each time. */
    static final class Random extends ByWeight {
        Random(int... weights) {
            super(weights);
        }

        /** Drawn one after the other without putting back, each by its weight among the rest (Efraimidis and Spirakis, 2006). */
        @Override
        int[] next(Object key) {
            double[] lots = new double[weights.length];
            for (int i = 0; i < lots.length; i++) {
                lots[i] = -Math.log(1 - ThreadLocalRandom.current().nextDouble()) / weights[i];
            }
            return sorted(lots);
        }
    }

    /**
     * In turn, so that each gets its share of any stretch of exchanges, and the share of one that cannot goes to the others in
     * proportion: who has waited longest for its weight is next (smooth weighted round robin).
     */
    static final class Weighted extends ByWeight {
        private final double[] owed;

        Weighted(int... weights) {
            super(weights);
            this.owed = new double[weights.length];
        }

        @Override
        int[] next(Object key) {
            double[] ranks = new double[weights.length];
            for (int i = 0; i < ranks.length; i++) {
                ranks[i] = -(owed[i] + weights[i]);
            }
            return sorted(ranks);
        }

        @Override
        void taken(int[] order, int place) {
            for (int i = place; i < order.length; i++) {
                owed[order[i]] += weights[order[i]];
                owed[order[place]] -= weights[order[i]];
            }
        }
    }

    /**
     * Exchanges of one key go to one branch, and to the same other one while that cannot: which, follows from the key and the
     * names of the branches alone (rendezvous hashing). Those without a key go in turn.
     */
    static final class Sticky extends Order {
        private final Expression expression;
        private final int[] names;
        private final RoundRobin others;

        Sticky(Expression expression, String... names) {
            this.expression = expression;
            this.names = Arrays.stream(names).mapToInt(String::hashCode).toArray();
            this.others = new RoundRobin(names.length);
        }

        @Override
        Object key(Exchange exchange) {
            String key = expression.evaluate(exchange, String.class);
            return key == null || key.isEmpty() ? null : key;
        }

        @Override
        int[] next(Object key) {
            if (key == null) {
                return others.next(null);
            }
            int[] scores = Arrays.stream(names).map(name -> mix(name ^ mix(key.hashCode()))).toArray();
            return IntStream.range(0, names.length).boxed().sorted(Comparator.comparingInt(i -> scores[i])).mapToInt(i -> i).toArray();
        }

        @Override
        void taken(int[] order, int place) {
            if (others.isOwn(order)) {
                others.taken(order, place);
            }
        }

        /** Each bit of the value has its say in each bit of the result (MurmurHash3, the end of its 32-bit variant). */
        private static int mix(int value) {
            int h = value;
            h = (h ^ h >>> 16) * 0x85ebca6b;
            h = (h ^ h >>> 13) * 0xc2b2ae35;
            return h ^ h >>> 16;
        }
    }

    /** The first that can. */
    static final class Failover extends Order {
        private final RoundRobin turns;
        private final boolean inTurn;
        private final boolean sticky;

        /**
         * @param inTurn whether the next exchange begins at the next branch
         * @param sticky whether it begins at the branch that has taken the last one
         */
        Failover(int branches, boolean inTurn, boolean sticky) {
            this.turns = new RoundRobin(branches);
            this.inTurn = inTurn;
            this.sticky = sticky;
        }

        @Override
        public String toString() {
            return super.toString() + inTurn + sticky;
        }

        @Override
        int[] next(Object key) {
            return turns.next(null);
        }

        @Override
        void taken(int[] order, int place) {
            if (sticky) {
                turns.first = order[place];
            } else if (inTurn) {
                turns.taken(order, place);
            }
        }
    }
}
