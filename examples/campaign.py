"""Make one message for everybody on a list, and write the requests as JSON lines: a script without a service.

python campaign.py people.csv photo.heic menu.pdf > requests.jsonl
The list has the columns name and phone.
"""

import csv
import json
import sys
from pathlib import Path

from mmsprep import Pipeline, Rejected
from mmsprep.settings import Settings

people, *sources = map(Path, sys.argv[1:])
# The URL under which your web server or CDN publishes the folder out/.
settings = Settings.load(store="out", base_url="https://media.example.com", profile="balanced")

with Pipeline(settings=settings) as pipeline:
    # The media is prepared once: all of it together within one message, whoever receives it.
    message = pipeline.compose(sources)

for warning in message.warnings:
    print(warning, file=sys.stderr)

with people.open(newline="") as rows:
    for row in csv.DictReader(rows):
        try:
            body = message.request(
                to=row["phone"], from_="+12025550100", text=f"Hello {row['name']}, here is our menu."
            )
        except Rejected as rejected:
            print(f"{row['name']}: {rejected.message}", file=sys.stderr)
        else:
            print(json.dumps(body))
