"""Passwords and addresses without a database."""

from __future__ import annotations

import asyncio
import threading

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.users.emails import normalise_email
from app.users.errors import HashingBusyError, InvalidEmailError, WeakPasswordError
from app.users.passwords import MAX_PASSWORD_LENGTH, UNUSABLE, PasswordHasher, check_password


async def test_a_hash_fits_its_password_only() -> None:
    hasher = PasswordHasher()
    stored = await hasher.hash("a few plain words")
    assert await hasher.verify(stored, "a few plain words")
    assert not await hasher.verify(stored, "a few plain word")
    assert not await hasher.verify(stored, "")
    assert await hasher.hash("a few plain words") != stored  # salted


@pytest.mark.parametrize("stored", [None, UNUSABLE, "", "$argon2id$broken"])
async def test_without_a_usable_hash_nothing_fits(stored: str | None) -> None:
    hasher = PasswordHasher()
    for password in ("", "!", "decoy", "$argon2id$broken"):
        assert not await hasher.verify(stored, password)


async def test_an_unknown_address_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher()
    stored = await hasher.hash("a few plain words")
    checked: list[str] = []
    real = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, hashed: str, password: str) -> bool:
        checked.append(hashed)
        return bool(real(self, hashed, password))

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    await hasher.verify(stored, "wrong")
    await hasher.verify(None, "wrong")
    await hasher.verify(UNUSABLE, "wrong")
    parameters = {hashed.rsplit("$", 2)[0] for hashed in checked}
    assert len(checked) == 3
    assert len(parameters) == 1


async def test_hashing_leaves_the_event_loop_free() -> None:
    hasher = PasswordHasher()
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counter = asyncio.create_task(count_turns())
    await hasher.hash("a few plain words")
    counter.cancel()
    assert turns > 10


async def test_the_queue_of_hashing_is_bounded() -> None:
    hasher = PasswordHasher(max_waiting=3)
    gate = threading.Event()
    waiting = [asyncio.create_task(hasher._run(gate.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(HashingBusyError):
        await hasher.hash("one too many")
    gate.set()
    await asyncio.gather(*waiting)
    assert await hasher.hash("room again")


def test_needs_rehash_when_the_parameters_changed() -> None:
    hasher = PasswordHasher()
    older = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x")
    assert hasher.needs_rehash(older)
    assert hasher.needs_rehash("$2b$12$not.argon")


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("x" * 11, False),
        ("x" * 12, True),
        ("x" * MAX_PASSWORD_LENGTH, True),
        ("x" * (MAX_PASSWORD_LENGTH + 1), False),
        ("Ada@Example.org", False),
        ("ada@example.org!", True),
        ("密码密码密码密码密码密码", True),
    ],
)
def test_which_passwords_may_be_chosen(password: str, is_good: bool) -> None:
    if is_good:
        check_password(password, "ada@example.org", 12)
        return
    with pytest.raises(WeakPasswordError) as caught:
        check_password(password, "ada@example.org", 12)
    assert password not in caught.value.message


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_normalising_an_address_settles(text: str) -> None:
    """Whatever is typed is refused in one way, or has a form that stays the same."""
    try:
        once = normalise_email(text)
    except InvalidEmailError:
        return
    assert normalise_email(once) == once


@given(
    st.from_regex(r"[A-Za-zÄÖÜäöüßéİıǅ.]{1,20}", fullmatch=True),
    st.sampled_from(["example.org", "MÜNCHEN.example", "xn--mnchen-3ya.example", "localhost"]),
)
@settings(max_examples=300, deadline=None)
def test_one_address_has_one_form(local: str, domain: str) -> None:
    try:
        plain = normalise_email(f"{local}@{domain}")
    except InvalidEmailError:
        return
    assert normalise_email(f"  {local}@{domain.lower()} ") == plain
    assert normalise_email(plain) == plain
