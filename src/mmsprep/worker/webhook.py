"""Tell a web server what became of a job: signed, and only the one that the settings name."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from mmsprep.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from mmsprep.settings import WorkerOptions

SECONDS = 10
HEADER = "Mmsprep-Signature"


def check(options: WorkerOptions) -> None:
    """Raise Misconfigured for a webhook without a secret: nobody could tell our word from a stranger's."""
    if options.webhook_url and not (options.webhook_secret and options.webhook_secret.get_secret_value()):
        raise Misconfigured("worker.webhook_url needs worker.webhook_secret; make one: openssl rand -hex 32")


def signature(secret: str, moment: int, body: bytes) -> str:
    """Sign *body* as sent at *moment*, so that what is overheard cannot be sent again later: ``t=…,v1=…``."""
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(options: WorkerOptions, job: str, body: bytes) -> None:
    """Send an answer; raises Unavailable ``api`` unless the server took it. It goes nowhere else: no redirection."""
    if not options.webhook_url or not options.webhook_secret:
        return
    import requests

    headers = {
        "Content-Type": "application/json",
        "Mmsprep-Job": job,
        HEADER: signature(options.webhook_secret.get_secret_value(), int(time.time()), body),
    }
    try:
        with requests.Session() as session:
            session.trust_env = False  # neither a proxy nor a password that a file of this machine names
            answer = session.post(
                options.webhook_url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True
            )
            status = answer.status_code
            answer.close()
    except requests.RequestException as error:
        # What requests says repeats the URL, which may be a secret.
        raise Unavailable("api", f"the webhook did not answer ({type(error).__name__}); check its server") from None
    if not 200 <= status < 300:
        raise Unavailable("api", f"the webhook answered {status}; it must be 200 to 299, without a redirection")
