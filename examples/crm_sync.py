"""Leads into a CRM: each is put under its own id, and taken back when it is withdrawn.

python examples/crm_sync.py --kafka localhost:9092 --crm http://localhost:8000
"""

from __future__ import annotations

import argparse
import json
import signal
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from expansion_signals.sdk import Rejected, Retryable, Subscriber, Trigger

SECONDS = 10
BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
WITHDRAWN = "trigger.withdrawn"


def lead(trigger: Trigger) -> dict[str, Any]:
    """Return what the CRM is told of a lead."""
    data = trigger.data
    if trigger.type == WITHDRAWN:
        return {"account": trigger.account, "status": "withdrawn", "reason": data.reason}
    return {
        "account": trigger.account,
        "status": trigger.type,
        "score": data.score,
        "tier": data.tier,
        "why": data.why,
        "owner": data.route.owner,
        "until": trigger.expires.isoformat(),
    }


class Crm:
    """A CRM that takes a lead by `PUT /leads/<id>`: the same put twice is one lead, whatever crashed in between."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def put(self, trigger: Trigger) -> None:
        """Put one lead; raises what says whether to try again."""
        # A withdrawal changes the lead that it withdraws. It comes after it: triggers of one account come in order.
        which = trigger.data.trigger if trigger.type == WITHDRAWN else trigger.id
        body, headers = json.dumps(lead(trigger)).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._url}/leads/{which}", body, headers, method="PUT")  # noqa: S310 -- the CRM's own address
        try:
            urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310 -- the same
        except urllib.error.HTTPError as answer:
            with answer:
                later = answer.code in BUSY or answer.code >= HTTPStatus.INTERNAL_SERVER_ERROR
                raise (Retryable if later else Rejected)(f"the CRM answers {answer.code} {answer.reason}") from None
        except OSError as error:
            raise Retryable(f"the CRM is away: {error}") from error


def main() -> None:
    """Sync until it is told to end."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kafka", default="localhost:9092", help="brokers")
    options.add_argument("--prefix", default="", help="EXPANSION_SIGNALS_PREFIX of the deployment")
    options.add_argument("--crm", required=True, help="its address")
    given = options.parse_args()
    topics = ["expansion-pql"]
    with Subscriber(given.kafka, group="crm", topics=topics, prefix=given.prefix, withdrawals=True) as subscriber:
        signal.signal(signal.SIGTERM, lambda *_: subscriber.stop())
        subscriber.run(Crm(given.crm).put, workers=4, longest_wait_seconds=30)


if __name__ == "__main__":
    main()
