package bench;

/** What is published, with these names. */
record Trigger(String account, String meter, String month, String threshold, long level) {}
