"""What a release costs: each document is one PUT or COPY request, and both have one price."""

from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.progress import Note, OnProgress
from readmodel_cfn.publish.destination import Destination

# S3 Standard in us-east-1, for PUT, COPY, POST and LIST; other regions charge up to twice as much.
# https://aws.amazon.com/s3/pricing/ (Requests & data retrievals)
_USD_OF_1000 = 0.005
_NAMED_FROM = 1_000  # requests
_ASKED_FROM = 100_000


def announce(
    release: str,
    send: int,
    copy: int,
    destination: Destination,
    confirm: Confirm | None,
    on_progress: OnProgress,
) -> None:
    """Say what many requests cost; more than 100,000 require consent (kind "release").

    Raises:
        ConsentRequired: `confirm` returned False.
    """
    requests = send + copy
    if requests < _NAMED_FROM:
        return
    price = requests / 1000 * _USD_OF_1000
    text = (
        f"{send:,} documents to upload and {copy:,} to copy: {requests:,} PUT and COPY requests, "
        f"about {price:.2f} USD in us-east-1"
    )
    on_progress(Note(text))
    if requests > _ASKED_FROM:
        what = f"build release {release} in {destination}: {text}"
        consent = Consent("release", destination.bucket, what, target=destination.target)
        require_consent(consent, confirm)
