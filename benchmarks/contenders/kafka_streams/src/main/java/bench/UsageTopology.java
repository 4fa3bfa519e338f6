package bench;

import java.time.Duration;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

/** Usage events in, triggers out; between them one processor with its state in RocksDB, logged to changelog topics. */
final class UsageTopology {

    /** How long an event is remembered, to know its copies. */
    static final Duration REMEMBERED = Duration.ofHours(24);

    /** (account, source, id) of the events of the last 24 hours. */
    static final String SEEN = "seen";

    /** (account, meter, month or day) to what was used in it. */
    static final String COUNTERS = "counters";

    /** (account, month, user) of the users who were active. */
    static final String USERS = "users";

    /** (account, month) to how many these are. */
    static final String USER_COUNTS = "user-counts";

    /** (account, meter, month, threshold) of what was published. */
    static final String PUBLISHED = "published";

    private UsageTopology() {}

    static Topology of(String prefix, Limits limits) {
        return new Topology()
                .addSource(
                        "events",
                        new StringDeserializer(),
                        new UsageEventDeserializer(limits.meters()),
                        prefix + "usage-events")
                .addProcessor("meter", () -> new UsageProcessor(limits), "events")
                .addStateStore(seen(), "meter")
                .addStateStore(counts(COUNTERS), "meter")
                .addStateStore(marks(USERS), "meter")
                .addStateStore(counts(USER_COUNTS), "meter")
                .addStateStore(marks(PUBLISHED), "meter")
                .addSink(
                        "triggers", prefix + "bench-triggers", new StringSerializer(), new TriggerSerializer(), "meter");
    }

    private static StoreBuilder<WindowStore<String, byte[]>> seen() {
        return Stores.windowStoreBuilder(
                Stores.persistentWindowStore(SEEN, REMEMBERED, REMEMBERED, false),
                Serdes.String(),
                Serdes.ByteArray());
    }

    /**
     * Without the cache, which would save writes: it keeps counters back until the commit, while "seen" is written at
     * once. After a crash between the two, events would count as seen and be missing from the counters.
     */
    private static StoreBuilder<KeyValueStore<String, Long>> counts(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.Long());
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> marks(String name) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), Serdes.String(), Serdes.ByteArray());
    }
}
