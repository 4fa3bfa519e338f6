package bench;

import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.WindowStore;
import org.apache.kafka.streams.state.WindowStoreIterator;

/** Counts each usage event once, and publishes the thresholds of the month's limit that it passes. */
final class UsageProcessor extends ContextualProcessor<String, UsageEvent, String, Trigger> {

    private static final byte[] MARK = {1};

    private final Limits limits;
    private WindowStore<String, byte[]> seen;
    private KeyValueStore<String, Long> counters;
    private KeyValueStore<String, byte[]> users;
    private KeyValueStore<String, Long> userCounts;
    private KeyValueStore<String, byte[]> published;

    UsageProcessor(Limits limits) {
        this.limits = limits;
    }

    @Override
    public void init(ProcessorContext<String, Trigger> context) {
        super.init(context);
        seen = context.getStateStore(UsageTopology.SEEN);
        counters = context.getStateStore(UsageTopology.COUNTERS);
        users = context.getStateStore(UsageTopology.USERS);
        userCounts = context.getStateStore(UsageTopology.USER_COUNTS);
        published = context.getStateStore(UsageTopology.PUBLISHED);
    }

    @Override
    public void process(Record<String, UsageEvent> record) {
        UsageEvent event = record.value();
        String identity = key(event.account(), event.source(), event.id());
        if (isSeen(identity, record.timestamp())) {
            return;
        }
        long level = add(counters, key(event.account(), event.meter(), event.month()), event.value());
        add(counters, key(event.account(), event.meter(), event.day()), event.value());
        if (users.putIfAbsent(key(event.account(), event.month(), event.user()), MARK) == null) {
            add(userCounts, key(event.account(), event.month()), 1);
        }
        for (Limits.Threshold threshold : limits.thresholds(event.account(), event.meter())) {
            if (level - event.value() < threshold.level() && level >= threshold.level()) {
                publish(record, threshold.name(), level);
            }
        }
        // Last: what a crash cuts short is then done again rather than not at all.
        seen.put(identity, MARK, record.timestamp());
    }

    /** Whether it came before, within 24 hours by the records' timestamps. */
    private boolean isSeen(String identity, long timestamp) {
        long remembered = UsageTopology.REMEMBERED.toMillis();
        try (WindowStoreIterator<byte[]> found =
                seen.fetch(identity, timestamp - remembered, timestamp + remembered)) {
            return found.hasNext();
        }
    }

    /** A negative value may lead below a threshold and back: it is published once all the same. */
    private void publish(Record<String, UsageEvent> record, String threshold, long level) {
        UsageEvent event = record.value();
        String key = key(event.account(), event.meter(), event.month(), threshold);
        if (published.putIfAbsent(key, MARK) == null) {
            Trigger trigger = new Trigger(event.account(), event.meter(), event.month(), threshold, level);
            context().forward(record.withKey(event.account()).withValue(trigger));
        }
    }

    private static long add(KeyValueStore<String, Long> counts, String key, long value) {
        Long before = counts.get(key);
        long after = before == null ? value : before + value;
        counts.put(key, after);
        return after;
    }

    private static String key(String... parts) {
        return String.join("\0", parts);
    }
}
