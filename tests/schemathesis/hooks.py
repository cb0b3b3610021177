"""Makes an account for each call that takes a token, so that a call that ends its session does not silence those after it."""

import itertools

import requests
import schemathesis

NUMBERS = itertools.count(1)


@schemathesis.auth(refresh_interval=None)
class Bearer:
    def get(self, case, context):
        if not case.operation.definition.raw.get("security"):
            return None
        name = f"person-{next(NUMBERS)}"
        account = {"username": name, "email": f"{name}@example.com", "password": "correct horse 7"}
        base = case.operation.base_url.rstrip("/")
        answer = requests.post(f"{base}/api/auth/register", json=account, timeout=10)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, data, context):
        if data is not None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
