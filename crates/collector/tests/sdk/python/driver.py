"""Makes the calls that it reads, one JSON object a line, with segment-analytics-python.

Options of the client are given as JSON; it ends well when every message was delivered.
"""

import json
import re
import sys
from datetime import datetime

from segment.analytics.client import Client


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


faults = []
client = Client(**json.loads(sys.argv[1]), on_error=lambda error, batch: faults.append(error))
for line in sys.stdin:
    call = {snake(name): value for name, value in json.loads(line).items()}
    if "timestamp" in call:
        call["timestamp"] = datetime.fromisoformat(call["timestamp"].replace("Z", "+00:00"))
    getattr(client, call.pop("type"))(**call)
client.shutdown()
if faults:
    sys.exit(f"segment-analytics-python: {faults}")
