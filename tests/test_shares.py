"""How many of a worker's threads one company may have."""

import pytest

from ticketflower.shares import Shares


def taken(shares, places, company):
    """How many of the threads may run a job of the company."""
    return sum(shares.take(place, company) for place in places)


@pytest.mark.parametrize(("threads", "most"), [(1, 1), (2, 1), (3, 2), (4, 3), (8, 6), (16, 12)])
def test_alone(threads, most):
    shares = Shares(threads)
    assert taken(shares, range(threads), "acme") == most
    assert shares.full() == ["acme"]
    shares.leave(0)
    assert shares.full() == []
    assert shares.take(0, "acme")


def test_a_third_finds_threads():
    shares = Shares(8)
    assert [taken(shares, range(8), "acme"), taken(shares, (6, 7), "globex"), taken(shares, (7,), "initech")] == [
        6,
        1,
        1,
    ]
    assert shares.full() == ["acme", "globex", "initech"]


def test_what_one_has_too_much_goes_to_the_others():
    shares = Shares(8)
    held = {place: "acme" for place in range(6) if shares.take(place, "acme")}
    for place in [6, 7, *range(6), *range(6)]:
        shares.leave(place)
        held.pop(place, None)
        # The one that has been served already asks first.
        for company in ("acme", "globex"):
            if shares.take(place, company):
                held[place] = company
                break
    assert sorted(held.values()).count("globex") == 3
    assert sorted(held.values()).count("acme") == 3


def test_the_installations_own_jobs_take_any():
    shares = Shares(2)
    assert taken(shares, range(2), None) == 2
    assert shares.full() == []
    shares.leave(1)
    assert shares.take(1, "acme")


def test_a_lot_takes_what_there_is_and_gives_it_back_by_and_by():
    shares = Shares(8)
    assert (shares.take(0, "acme", 8), shares.full(), shares.rooms()) == (6, ["acme"], (1, {"acme": 0}))
    assert (shares.take(1, "acme", 8), shares.take(1, "globex", 8), shares.take(2, None)) == (0, 1, 1)
    assert (shares.rooms()[0], shares.take(3, "initech")) == (0, 0)
    shares.free(0, 4)
    assert shares.rooms() == (3, {"acme": 2, "globex": 2})
    assert (shares.take(3, "acme", 8), shares.full()) == (2, ["acme"])


def test_what_only_writes_down_takes_threads_yet():
    shares = Shares(8)
    for place in range(6):
        assert shares.take(place, "acme") == 1
        shares.free(place, 1)
    assert (shares.take(6, "acme"), shares.full(), shares.rooms()[0]) == (0, ["acme"], 6)
    shares.leave(0)
    assert shares.take(6, "acme", 8) == 6


def test_what_is_left_to_another_thread_keeps_its_place():
    shares = Shares(4)
    assert shares.take(0, "acme", 4) == 3
    shares.split(0, "a job")
    shares.leave(0)
    assert shares.rooms() == (2, {"acme": 2})
    shares.move("a job", 1)
    assert shares.take(2, "acme", 4) == 2
    shares.leave(1)
    assert shares.rooms() == (1, {"acme": 1})
