package bench;

/** A valid usage event; the day is that of its time in UTC, such as 2026-11-22. */
record UsageEvent(String account, String source, String id, String day, String meter, long value, String user) {

    /** Such as 2026-11. */
    String month() {
        return day.substring(0, 7);
    }
}
