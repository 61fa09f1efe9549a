"""The only outbound client: `send` calls an address that somebody else named, and can't be led inside.

answer = send("POST", "https://shop.example/orders", body=b"{}", seconds=10)
"""

from core.http_client.client import MAX_BYTES, Answer, Client
from core.http_client.failures import UNREACHABLE, CallFailed

__all__ = ["MAX_BYTES", "UNREACHABLE", "Answer", "CallFailed", "Client", "client", "send"]

# One for the process, so that calls share connections.
client = Client()
send = client.send
