package bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;

/** Runs the topology until SIGTERM, then ends with 0; ends with 1 if Kafka Streams gave up. */
public final class Main {

    private static final Duration TO_CLOSE = Duration.ofSeconds(8);

    private Main() {}

    public static void main(String[] arguments) throws Exception {
        String prefix = setting("BENCH_PREFIX");
        Limits limits = Limits.read(Path.of(setting("BENCH_LIMITS")));
        KafkaStreams streams = new KafkaStreams(UsageTopology.of(prefix, limits), configuration(prefix));

        CountDownLatch failed = new CountDownLatch(1);
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.ERROR) {
                failed.countDown();
            }
        });
        // Java answers SIGTERM with 143, whatever its hooks do; only halt() can make that 0.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            boolean closed = streams.close(TO_CLOSE);
            Runtime.getRuntime().halt(closed && failed.getCount() > 0 ? 0 : 1);
        }));
        streams.start();
        failed.await();
        System.exit(1);
    }

    private static Properties configuration(String prefix) {
        Properties given = new Properties();
        given.put(StreamsConfig.APPLICATION_ID_CONFIG, prefix + "kafka-streams");
        given.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, setting("BENCH_KAFKA"));
        given.put(StreamsConfig.STATE_DIR_CONFIG, setting("BENCH_STATE"));
        // One thread, to be compared with one worker process. More threads share the four partitions.
        given.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        given.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        given.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // A commit waits until what was published is acknowledged. As shipped, it comes every 30 s.
        given.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        // What UsageEventDeserializer refuses goes, as it came, to the dead-letter topic.
        given.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        given.put(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG, prefix + "bench-dlq");
        return given;
    }

    private static String setting(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(name + " is not set");
        }
        return value;
    }
}
