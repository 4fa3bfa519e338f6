package bench;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.util.Set;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;

/** Reads a structured CloudEvent and checks it; what it throws sends the record to the dead-letter topic. */
final class UsageEventDeserializer implements Deserializer<UsageEvent> {

    private static final ObjectReader JSON =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private static final DateTimeFormatter RFC_3339 = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .appendPattern("HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .appendOffset("+HH:MM", "Z")
            .toFormatter()
            .withResolverStyle(ResolverStyle.STRICT);

    private final Set<String> meters;

    UsageEventDeserializer(Set<String> meters) {
        this.meters = meters;
    }

    @Override
    public UsageEvent deserialize(String topic, byte[] bytes) {
        if (bytes == null) {
            throw new SerializationException("a record without a value");
        }
        JsonNode event;
        try {
            event = JSON.readTree(bytes);
        } catch (IOException notJson) {
            throw new SerializationException("not JSON", notJson);
        }
        text(event, "specversion");
        text(event, "type");
        JsonNode data = event.path("data");
        return new UsageEvent(
                text(event, "subject"),
                text(event, "source"),
                text(event, "id"),
                day(text(event, "time")),
                meter(text(data, "meter")),
                wholeNumber(data.path("value")),
                text(data, "user"));
    }

    private static String text(JsonNode object, String name) {
        String text = object.path(name).textValue();
        if (text == null || text.isEmpty()) {
            throw new SerializationException(name + " is no text");
        }
        return text;
    }

    private static String day(String time) {
        try {
            return OffsetDateTime.parse(time, RFC_3339)
                    .withOffsetSameInstant(ZoneOffset.UTC)
                    .toLocalDate()
                    .toString();
        } catch (DateTimeException noTime) {
            throw new SerializationException("time is not as RFC 3339 writes it", noTime);
        }
    }

    private String meter(String name) {
        if (!meters.contains(name)) {
            throw new SerializationException("an unknown meter");
        }
        return name;
    }

    private static long wholeNumber(JsonNode value) {
        if (value.isIntegralNumber() && value.canConvertToLong()) {
            return value.longValue();
        }
        if (!value.isTextual()) {
            throw new SerializationException("value is no whole number");
        }
        try {
            return Long.parseLong(value.textValue());
        } catch (NumberFormatException noNumber) {
            throw new SerializationException("value is no whole number", noNumber);
        }
    }
}
