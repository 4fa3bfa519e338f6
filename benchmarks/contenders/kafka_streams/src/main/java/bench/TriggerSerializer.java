package bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;

/** A trigger as JSON. */
final class TriggerSerializer implements Serializer<Trigger> {

    private static final ObjectWriter JSON = new ObjectMapper().writerFor(Trigger.class);

    @Override
    public byte[] serialize(String topic, Trigger trigger) {
        try {
            return JSON.writeValueAsBytes(trigger);
        } catch (JsonProcessingException failure) {
            throw new SerializationException(failure);
        }
    }
}
