"""AeronChannel: what a text may say, and what of it Aeron gets."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from adapters.aeron_stream import AeronChannel
from adapters.aeron_stream.channel import check_channel, default_directory
from dolphin_strategies.errors import ConfigError
from live.exf.exf_settings import ServiceSettings


def test_a_channel_of_this_machine_needs_no_options() -> None:
    """Shared memory, the default stream, and this user's media driver."""
    channel = AeronChannel.from_text("aeron:ipc")
    assert channel.stream_id == 8501
    assert channel.directory == default_directory()
    assert channel.of_subscriber() == "aeron:ipc?tether=false|rejoin=true"
    assert channel.of_publisher() == "aeron:ipc?term-length=8m"


def test_an_environment_without_the_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the check of the settings, with what to do."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="--extra aeron"):
        check_channel("aeron:ipc")


def test_udp_without_an_address_is_the_loopback() -> None:
    """Nothing is open to other machines that was not asked for."""
    channel = AeronChannel.from_text("aeron:udp")
    assert "endpoint=127.0.0.1:20850" in channel.of_subscriber()


def test_a_group_without_a_card_is_on_the_loopback() -> None:
    """The card of a multicast group is given, or this machine's own."""
    channel = AeronChannel.from_text("aeron:udp?endpoint=224.20.30.41:4000")
    assert channel.is_multicast
    assert "interface=127.0.0.1" in channel.of_publisher()
    other = AeronChannel.from_text("aeron:udp?endpoint=[ff02::5]:4000|interface=[fe80::1]")
    assert other.is_multicast
    assert "interface=[fe80::1]" in other.of_publisher()


def test_each_end_gets_the_options_that_are_its_own() -> None:
    """Of one text for both ends; what is given replaces the project's default."""
    channel = AeronChannel.from_text(
        "aeron:udp?endpoint=localhost:4000|term-length=16m|rcv-wnd=1m|stream-id=7|dir=/dev/shm/d"
    )
    assert channel.of_publisher() == "aeron:udp?term-length=16m|endpoint=localhost:4000"
    assert channel.of_subscriber() == (
        "aeron:udp?tether=false|rejoin=true|endpoint=localhost:4000|rcv-wnd=1m"
    )
    assert (channel.stream_id, channel.directory) == (7, Path("/dev/shm/d"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("udp:127.0.0.1:4000", "expected an Aeron channel such as"),
        ("aeron:tcp?endpoint=a:1", "expected an Aeron channel such as"),
        ("aeron:udp?endpiont=127.0.0.1:4000", "did you mean 'endpoint'"),
        ("aeron:ipc?endpoint=127.0.0.1:4000", "unknown option 'endpoint' of aeron:ipc"),
        ("aeron:udp?endpoint=127.0.0.1", "endpoint: expected host:port"),
        ("aeron:udp?endpoint=::1:40", "endpoint: expected host:port"),
        ("aeron:udp?endpoint=h:99999", "endpoint: expected host:port"),
        ("aeron:udp?endpoint=h:1|endpoint=h:2", "endpoint=VALUE once"),
        ("aeron:udp?endpoint", "endpoint=VALUE once"),
        ("aeron:ipc?stream-id=0", "stream-id: expected 1 to"),
        ("aeron:ipc?stream-id=x", "stream-id: expected 1 to"),
        ("aeron:ipc?dir=d", "dir: expected the whole path"),
        ("aeron:ipc?tether=true", "unknown option 'tether'"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text: str, expected: str) -> None:
    """Also an option that would let one subscriber hold up all others."""
    with pytest.raises(ConfigError) as caught:
        check_channel(text)
    assert expected in str(caught.value)


def test_a_service_refuses_a_channel_that_is_none() -> None:
    """With its settings, before it makes a region."""
    with pytest.raises(ConfigError, match="expected an Aeron channel such as"):
        ServiceSettings(aeron="udp:localhost:5701")
    assert ServiceSettings(aeron="aeron:ipc").aeron == "aeron:ipc"
