"""An app behind the Hub: HUB=http://127.0.0.1:8000 HUB_SERVICE_TOKEN=hubsvc_… python example.py"""

import os

from flask import Flask, g
from werkzeug.serving import make_server

from hub_verify import HubVerify

app = Flask(__name__)
hub = HubVerify(os.environ["HUB"], os.environ["HUB_SERVICE_TOKEN"])


@app.get("/name")
@hub.required
def name():
    return {"name": g.user["username"]}


@app.get("/health")
def health():
    return {"ready": hub.is_ready}


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"http://127.0.0.1:{server.port}", flush=True)
    server.serve_forever()
