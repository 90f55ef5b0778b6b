"""The systemd units of a fleet, for those who prefer them to the supervisor."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from dolphin_strategies.errors import ConfigError
from live.fleet.settings.leadership import journal_of, leaders
from live.fleet.settings.service_commands import services_of
from live.fleet.settings.start_order import start_order

if TYPE_CHECKING:
    from live.fleet.settings.fleet_settings import FleetSettings
    from live.fleet.settings.service_commands import Service

_WATCHDOG_S: Final = 10
_AFTER_WATCHDOG_S: Final = 10


def units_of(settings: FleetSettings, *, live_orders: bool) -> str:
    """Return a unit for each service, with the file's name in a comment before it.

    Parameters
    ----------
    settings : FleetSettings
        The file.
    live_orders : bool
        Whether units of nodes that ask for real orders may be among them.

    Raises
    ------
    ConfigError
        If there is one and it may not.

    Notes
    -----
    A node leads its pair as the journal says now: after a promotion they are printed anew. No
    sessions are recorded, because a unit's command is the same at each start.
    """
    found = leaders(settings, journal_of(settings).entries())
    services = services_of(settings, found, market_start_ns=0)
    needs = {name: service.needs for name, service in services.items()}
    names = start_order(list(services), needs)
    real = [name for name in names if services[name].is_real]
    if real and not live_orders:
        msg = f"{', '.join(real)}: asks for real orders; add --live-orders if you mean it"
        raise ConfigError(msg)
    head = (
        f"# The fleet {settings.fleet.name}, for one user: each unit into a file of its own in\n"
        "# ~/.config/systemd/user/, then: systemctl --user daemon-reload;\n"
        f"# systemctl --user start {' '.join(_unit(settings, name) for name in names)}\n"
    )
    return "\n".join([head, *(_text(settings, services[name]) for name in names)])


def _unit(settings: FleetSettings, name: str) -> str:
    return f"dolphin-{settings.fleet.name}-{name}.service"


def _text(settings: FleetSettings, service: Service) -> str:
    needed = " ".join(_unit(settings, name) for name in sorted(service.needs))
    after = f"Wants={needed}\nAfter={needed}\n" if needed else ""
    watch, run_folder = settings.watch, settings.fleet.run_folder
    is_node = service.kind == "node"
    # 2: the configuration is wrong, and would be at the next start too. 3: something was left
    # open, which somebody should see before the node trades again.
    final = "2 3" if is_node else "2"
    return f"""\
# {_unit(settings, service.name)}
[Unit]
Description=Dolphin {settings.fleet.name}: {service.kind} {service.name}
StartLimitIntervalSec={settings.restart.stable_s:g}
StartLimitBurst={settings.restart.most + 1}
{after}
[Service]
Type=notify
NotifyAccess=main
WorkingDirectory={_escaped(str(settings.path.parent))}
ExecStartPre=/bin/mkdir -p -m 700 {_quoted(str(run_folder))}
ExecStart={" ".join(map(_quoted, service.command))}
TimeoutStartSec={watch.start_s:g}
WatchdogSec={max(watch.silent_s, _WATCHDOG_S):g}
WatchdogSignal=SIGTERM
TimeoutAbortSec={_AFTER_WATCHDOG_S}
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec={watch.stop_s:g}
Restart={"on-failure" if is_node else "always"}
RestartSec={settings.restart.first_s:g}
RestartPreventExitStatus={final}
NoNewPrivileges=yes
UMask=0077

[Install]
WantedBy=default.target
"""


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """Return a word as systemd.service(5) reads it: quoted, no specifier, no variable."""
    plain = shlex.quote(word) == word and "%" not in word and "$" not in word
    if plain:
        return word
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{_escaped(text)}"'
