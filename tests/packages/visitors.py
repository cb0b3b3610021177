"""visitors.py URL BOOK SECONDS: people who sign up and then renew their tokens without a pause; each answer is written into the book before the next is asked for.

A line of the book: the time, the user's name, the number of the renewal, the refresh token. It ends after so many seconds, or when nobody answers any more.
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit

PEOPLE = 8
url, book, seconds = urlsplit(sys.argv[1]), open(sys.argv[2], "a", buffering=1), float(sys.argv[3])
ends = time.time() + seconds


def post(connection, path, body):
    for _ in range(20):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        read = answer.read()
        if answer.status != 503:
            break
        # Too much waits: it says when to come back.
        time.sleep(float(answer.headers["Retry-After"]))
    if answer.status not in (200, 201):
        raise RuntimeError(f"{path}: {answer.status} {read!r}")
    return json.loads(read)


def visit(name):
    try:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        body = {"username": name, "email": f"{name}@example.com", "password": "correct horse 7"}
        token = post(connection, "/api/auth/register", body)["refresh_token"]
        count = 0
        while time.time() < ends:
            token = post(connection, "/api/auth/refresh", {"refresh_token": token})["refresh_token"]
            count += 1
            book.write(f"{time.time():.3f} {name} {count} {token}\n")
    except (OSError, http.client.HTTPException):
        # The server was killed: what is in the book was answered before.
        pass


people = [threading.Thread(target=visit, args=(f"visitor{int(time.time())}{number}",)) for number in range(PEOPLE)]
for person in people:
    person.start()
for person in people:
    person.join()
