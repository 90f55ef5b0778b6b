"""Cluster names, credentials and certificates that a real member refuses."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.hazelcast_map.settings import PASSWORD_VARIABLE, USERNAME_VARIABLE
from dolphin_strategies import SourceState
from tests.support.transports.faulty_line import FaultyLine, make_certificate
from tests.support.transports.hazelcast_source import following, next_of, run, state_is

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from adapters.hazelcast_map import HazelcastSettings
    from tests.support.transports.member import Member


def test_f10_a_wrong_cluster_name_is_said(member: Member, settings: HazelcastSettings) -> None:
    """Fault F10: the reason names the cluster and the variables; the password is nowhere."""

    async def body() -> None:
        async with following(replace(settings, cluster="nobody")) as source:
            reason = await state_is(source, SourceState.WAITING, "another cluster than 'nobody'")
            assert USERNAME_VARIABLE in reason

    run(body)


def test_f10_the_reason_is_told_where_the_clients_log_is_off(
    member: Member, settings: HazelcastSettings
) -> None:
    """Fault F10: a program that silences the client's logger knows why all the same."""

    async def body() -> None:
        async with following(replace(settings, cluster="nobody")) as source:
            await state_is(source, SourceState.WAITING, "another cluster than 'nobody'")

    log = logging.getLogger("hazelcast")
    log.setLevel(logging.CRITICAL)
    try:
        run(body)
    finally:
        log.setLevel(logging.NOTSET)


def test_f10_a_password_shows_nowhere(
    monkeypatch: pytest.MonkeyPatch,
    member: Member,
    settings: HazelcastSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Faults F10 and G09: not in the reason, the settings or a log of any level,
    refused or not.
    """
    monkeypatch.setenv(USERNAME_VARIABLE, "trader")
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret-password")

    async def body() -> None:
        async with following(replace(settings, cluster="nobody")) as source:
            reason = await state_is(source, SourceState.WAITING, "refuses this client")
            assert "s3cret" not in reason + repr(source.settings) + repr(vars(source))

    with caplog.at_level(0):
        run(body)
    assert "s3cret" not in caplog.text


def test_tls_is_verified(member: Member, settings: HazelcastSettings, tmp_path: Path) -> None:
    """Fault F10: it works with the right authority; without it, or with TLS on one side, it
    reports why.
    """
    context, certificate = make_certificate(tmp_path)

    async def body() -> None:
        member.map().set(settings.key, '{"a": 1}')
        with FaultyLine(member.port, context) as line:
            host = line.address.replace("127.0.0.1", "localhost")
            secure = replace(settings, members=(host,), tls=True, ca_file=str(certificate))
            async with following(secure) as source:
                assert (await next_of(source))["a"] == 1
            async with following(replace(secure, ca_file="")) as source:
                await state_is(source, SourceState.WAITING, "certificate is not accepted")
            async with following(replace(secure, members=(line.address,))) as source:
                await state_is(source, SourceState.WAITING, "'127.0.0.1'")
            async with following(replace(settings, members=(host,))) as source:
                await state_is(source, SourceState.WAITING, "does it want TLS")
        async with following(replace(secure, members=(member.address,))) as source:
            await state_is(source, SourceState.WAITING, "does the member use TLS")

    run(body)
