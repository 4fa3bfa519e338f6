"""A notification service: one mail for each trigger that is for the customer, on the console or over SMTP.

python examples/notification_service.py --kafka localhost:9092 --smtp localhost:25
"""

from __future__ import annotations

import argparse
import signal
import smtplib
from email.message import EmailMessage
from typing import TYPE_CHECKING

from expansion_signals.sdk import Retryable, Subscriber, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable

TOPICS = ["expansion-limit-reached", "expansion-seat-limit", "expansion-feature-gated", "expansion-usage-milestone"]
SECONDS = 10


def mail(trigger: Trigger) -> EmailMessage:
    """Return the mail: the words are those of the rule. Put your own look-up of the address in its place."""
    words = trigger.data.copy
    message = EmailMessage()
    message["From"] = "Growth <growth@example.com>"
    message["To"] = f"{trigger.account}@customers.example.com"
    message["Subject"] = words.title
    # The same in every attempt: after a crash between sending and done(), who reads mail can tell that it is the same.
    message["Message-ID"] = f"<{trigger.id}@growth.example.com>"
    message.set_content(f"{words.body}\n\n{words.action}: https://example.com/upgrade?trigger={trigger.id}\n")
    return message


def on_console(trigger: Trigger) -> None:
    """Show what would be sent."""
    print(f"{trigger.account}: {mail(trigger)['Subject']} ({trigger.data.why})", flush=True)


def over_smtp(server: str) -> Callable[[Trigger], None]:
    """Return a handler that sends by this server, `host:port`."""
    host, _, port = server.partition(":")

    def send(trigger: Trigger) -> None:
        try:
            with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as smtp:
                smtp.send_message(mail(trigger))
        except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, OSError) as error:
            # A refused address is an OSError, too, and no server will ever take it: that is tried and parked.
            if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                raise
            raise Retryable(f"mail server {server} is away: {error}") from error

    return send


def main() -> None:
    """Send until it is told to end."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kafka", default="localhost:9092", help="brokers")
    options.add_argument("--prefix", default="", help="EXPANSION_SIGNALS_PREFIX of the deployment")
    options.add_argument("--smtp", help="mail server, host:port; without it, what would be sent is shown")
    given = options.parse_args()
    with Subscriber(given.kafka, group="mailer", topics=TOPICS, prefix=given.prefix) as subscriber:
        signal.signal(signal.SIGTERM, lambda *_: subscriber.stop())
        subscriber.run(over_smtp(given.smtp) if given.smtp else on_console, workers=8, attempts=3)


if __name__ == "__main__":
    main()
