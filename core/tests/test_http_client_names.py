"""Looking up names whose name servers say nothing."""

import threading

import pytest

from core.http_client.failures import Deadline
from core.http_client.resolving import MAX_LOOK_UPS, MAX_OF_DOMAIN, look_up


@pytest.fixture
def silence():
    """`silence(name, port)` finds no address until the test is over, and counts those who ask."""
    over, ended = threading.Event(), threading.Semaphore(0)

    def resolve(name, port):
        resolve.asked += 1
        over.wait(30)
        ended.release()
        return []

    resolve.asked = 0
    yield resolve
    over.set()
    for _ in range(resolve.asked):
        assert ended.acquire(timeout=10)
    # What is left of them has to be over before the next test counts.
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(10)


def found(name, port):
    return ["192.0.2.1"]


def fails(resolve, name):
    with pytest.raises(TimeoutError):
        look_up(resolve, name, 80, Deadline(0.02))


def test_one_domain_holds_few_threads(silence):
    for number in range(MAX_OF_DOMAIN + 5):
        fails(silence, f"host{number}.silent.example")
    assert silence.asked == MAX_OF_DOMAIN
    fails(found, "silent.example")
    assert look_up(found, "other.example", 80, Deadline(10)) == ["192.0.2.1"]


def test_all_of_them_hold_no_more_than_there_are(silence):
    for number in range(MAX_LOOK_UPS + 5):
        fails(silence, f"host.silent{number}.example")
    assert silence.asked == MAX_LOOK_UPS
    fails(found, "other.example")


def test_who_waits_for_a_thread_gets_it():
    go_on, results = threading.Event(), []

    def slow(name, port):
        go_on.wait(30)
        return [name]

    def ask(number):
        results.append(look_up(slow, f"host{number}.slow.example", 80, Deadline(30)))

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(MAX_OF_DOMAIN + 2)]
    for thread in asking:
        thread.start()
    go_on.set()
    for thread in asking:
        thread.join(10)
    assert sorted(results) == sorted([f"host{number}.slow.example"] for number in range(MAX_OF_DOMAIN + 2))
