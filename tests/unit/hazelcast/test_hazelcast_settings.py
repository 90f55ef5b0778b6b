"""The URL that names an entry, and the credentials that may not be in it."""

from __future__ import annotations

import pytest

from adapters.hazelcast_map import HazelcastSettings
from adapters.hazelcast_map.settings import PASSWORD_VARIABLE, USERNAME_VARIABLE, credentials
from dolphin_strategies import ConfigError


def test_the_defaults_are_the_roadmaps() -> None:
    """Map, key, cluster and member of the roadmap, from the shortest URL and without one."""
    expected = HazelcastSettings(
        members=("localhost:5701",),
        cluster="dolphin",
        map_name="DOLPHIN_FEATURES",
        key="exf_latest",
    )
    assert HazelcastSettings.from_url("hazelcast://localhost") == HazelcastSettings() == expected
    assert str(expected) == "hazelcast://localhost:5701/DOLPHIN_FEATURES/exf_latest"


def test_a_url_says_everything() -> None:
    """Several members, map and key with odd letters, and every option."""
    assert HazelcastSettings.from_url(
        "hazelcast://a:1,b,10.0.0.3:65535/my%20map/the%2Fkey?cluster=x&mode=poll&poll_ms=2.5"
        "&tls=true&ca=/ca.pem&cert=/c.pem&cert_key=/k.pem"
    ) == HazelcastSettings(
        members=("a:1", "b:5701", "10.0.0.3:65535"),
        map_name="my map",
        key="the/key",
        cluster="x",
        mode="poll",
        poll_s=0.0025,
        tls=True,
        ca_file="/ca.pem",
        cert_file="/c.pem",
        key_file="/k.pem",
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("localhost:5701", "expected a URL such as"),
        ("redis://localhost", "expected a URL such as"),
        ("hazelcast:///map", "expected a URL such as"),
        ("hazelcast://h:0", "host:port"),
        ("hazelcast://h:65536", "host:port"),
        ("hazelcast://h:x", "host:port"),
        ("hazelcast://h,", "host:port"),
        ("hazelcast://h/a/b/c", "/MAP/KEY"),
        ("hazelcast://h?mod=push", "did you mean 'mode'"),
        ("hazelcast://h?mode=pull", "'push' or 'poll'"),
        ("hazelcast://h?poll_ms=0.9", "1 to 1000"),
        ("hazelcast://h?poll_ms=1001", "1 to 1000"),
        ("hazelcast://h?poll_ms=nan", "1 to 1000"),
        ("hazelcast://h?poll_ms=soon", "1 to 1000"),
        ("hazelcast://h?mode=push&mode=poll", "given twice"),
        ("hazelcast://h?tls=yes", "'true' or 'false'"),
        ("hazelcast://h?ca=/x", "need tls=true"),
        ("hazelcast://h?cluster=", "expected a name"),
        ("hazelcast://h?members=x", "unknown option"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_the_reason(url: str, expected: str) -> None:
    """What was expected, and the nearest name where there is one."""
    with pytest.raises(ConfigError, match=expected):
        HazelcastSettings.from_url(url)


@pytest.mark.parametrize("scheme", ["hazelcast", "hazelcasst"])
def test_credentials_in_a_url_are_refused_and_not_repeated(scheme: str) -> None:
    """Fault G09: the error names the variables and does not show the password."""
    with pytest.raises(ConfigError) as refused:
        HazelcastSettings.from_url(f"{scheme}://user:s3cret@host")
    assert "s3cret" not in str(refused.value)


def test_credentials_come_from_the_environment_both_or_none() -> None:
    """One alone is an error that names the other."""
    both = {USERNAME_VARIABLE: "me", PASSWORD_VARIABLE: "s3cret"}
    assert credentials(both) == {"creds_username": "me", "creds_password": "s3cret"}
    assert credentials({}) == {}
    for name, value in both.items():
        with pytest.raises(ConfigError, match=next(n for n in both if n != name)) as refused:
            credentials({name: value})
        assert "s3cret" not in str(refused.value)
