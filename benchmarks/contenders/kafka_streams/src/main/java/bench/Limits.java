package bench;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Each account's limits, as the levels that are thresholds; the meters they name are the known ones. */
record Limits(Map<String, Map<String, List<Threshold>>> byAccount, Set<String> meters) {

    /** The level at which it is reached; its name is as a trigger says it. */
    record Threshold(String name, long level) {}

    static Limits read(Path file) throws IOException {
        Map<String, Map<String, Long>> limits = new ObjectMapper().readValue(file.toFile(), new TypeReference<>() {});
        Map<String, Map<String, List<Threshold>>> byAccount = new HashMap<>();
        Set<String> meters = new HashSet<>();
        limits.forEach((account, byMeter) -> {
            Map<String, List<Threshold>> thresholds = new HashMap<>();
            byMeter.forEach((meter, limit) -> thresholds.put(meter, thresholdsOf(limit)));
            byAccount.put(account, thresholds);
            meters.addAll(byMeter.keySet());
        });
        return new Limits(byAccount, meters);
    }

    List<Threshold> thresholds(String account, String meter) {
        return byAccount.getOrDefault(account, Map.of()).getOrDefault(meter, List.of());
    }

    private static List<Threshold> thresholdsOf(long limit) {
        // In whole numbers, limit * 0.8 rounded up.
        return List.of(new Threshold("80%", limit - limit / 5), new Threshold("100%", limit));
    }
}
