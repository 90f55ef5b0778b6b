"""RunningFleet: the members of a fleet that is supervised: adopted, wanted, made, restarted."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.process.safe_files import open_or_make
from dolphin_strategies.errors import DolphinError
from live.fleet.settings.leadership import (
    interrupted,
    journal_of,
    leaders,
    make_folder,
    open_promotion,
    stopped_at,
)
from live.fleet.settings.service_commands import services_of
from live.fleet.supervision.backoff import Backoff
from live.fleet.supervision.member import Member, change_of
from live.fleet.supervision.node_starts import NodeStarts
from live.fleet.supervision.service_life import Limits, ServiceLife

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.fleet.settings.fleet_settings import FleetSettings
    from live.fleet.settings.service_commands import Service

_MARKET: Final = "market"


class RunningFleet:
    """All members of a fleet.

    Parameters
    ----------
    settings : FleetSettings
        The fleet's file.
    tell : callable
        Takes a line for the user.
    live_orders : bool
        Whether nodes that ask for real orders may be started.

    Attributes
    ----------
    settings : FleetSettings
        The newest.
    journal : Journal
        What happened.
    members : dict of str to Member
        By name, in the file's order.
    tell : callable
        As given.

    """

    def __init__(
        self, settings: FleetSettings, tell: Callable[[str], object], *, live_orders: bool
    ) -> None:
        self.settings = settings
        self.journal: Final = journal_of(settings)
        self.members: Final[dict[str, Member]] = {}
        self.tell: Final = tell
        self._live_orders: Final = live_orders
        self._gone: Final[list[str]] = []
        self._starts: Final = NodeStarts()
        self._read: list[dict[str, Any]] = []
        self._read_bytes = -1
        self._market_start_ns = 0
        self._logs_folder: Final = settings.fleet.folder / "logs"

    def _lines(self) -> list[dict[str, Any]]:
        """Return the journal, read anew only if it has grown: it is asked for every second."""
        with suppress(FileNotFoundError):
            size = self.journal.path.stat().st_size
            if size != self._read_bytes:
                self._read, self._read_bytes = self.journal.entries(), size
        return self._read

    def begin(self, *, starts: bool) -> None:
        """Adopt what runs, and ask the rest to run, but for a pair that is being changed."""
        make_folder(self._logs_folder)
        self._take_in()
        now_s = time.monotonic()
        adopted = [name for name, member in self.members.items() if member.adopt(now_s)]
        self._market_start_ns = self._market_start(is_new=not adopted)
        for name in adopted:
            self.tell(f"{name} runs already, pid {self.members[name].process.pid}: adopted")
        if starts:
            self.want_all()

    def want_all(self) -> None:
        """Ask all members to run, but for a pair that is being changed."""
        for name in self.members:
            self._want(name)

    def _want(self, name: str) -> None:
        life, why = self.members[name].life, self._held(name)
        if why and life.is_down:
            life.hold(why)
            self.tell(f"{name} held: {why}")
        else:
            life.want()

    def _take_in(self) -> None:
        """Make members of the services that are new."""
        settings = self.settings
        watch, restart = settings.watch, settings.restart
        limits = Limits(start_s=watch.start_s, silent_s=watch.silent_s, stop_s=watch.stop_s)
        backoff = Backoff(
            first_s=restart.first_s,
            longest_s=restart.longest_s,
            most=restart.most,
            stable_s=restart.stable_s,
        )
        for name, service in self._services().items():
            if name not in self.members:
                life = ServiceLife(limits, backoff, restarts_when_done=service.kind != "node")
                self.members[name] = Member(
                    service,
                    settings.fleet.run_folder,
                    self._logs_folder,
                    life,
                    round(watch.log_mb * 1e6),
                )

    def _services(self) -> dict[str, Service]:
        lines = self._lines()
        return services_of(
            self.settings, leaders(self.settings, lines), market_start_ns=self._market_start_ns
        )

    def _held(self, name: str) -> str:
        """Return why a node may not be started now; empty if it may."""
        node = next((n for n in self.settings.nodes if n.name == name and n.role), None)
        found = None if node is None else open_promotion(self._lines(), node.pair)
        if found is None:
            return ""
        return stopped_at(found)

    def look_at_starts(self) -> None:
        """Prepare the start of nodes that wait."""
        self._starts.look(self.members.values())

    def close(self) -> None:
        """End what prepares starts; the members go on."""
        self._starts.close()

    def look(self, member: Member, now_s: float, *, is_ending: bool) -> None:
        """Look at a member and do what its rules ask for; while all end, in reverse order."""
        name = member.service.name
        members = self.members
        needs = [members[n].life for n in member.service.needs if n in members]
        needed_by = [m.life for m in members.values() if name in m.service.needs]
        spawns, change = change_of(
            member,
            lambda: member.look(
                now_s,
                may_start=all(life.is_up for life in needs) and self._starts.may_start(member),
                may_stop=not is_ending or all(life.is_down for life in needed_by),
            ),
        )
        if spawns:
            self._spawn(member, now_s)
            change = change or f"{name} {member.life.condition}"
        if change:
            self.tell(change)
        if member.life.condition == "failed" and change:
            self.note("failed", name=name, error=member.life.error)
        if member.is_to_restart and member.life.condition == "stopped":
            member.is_to_restart = False
            self._want(name)
        if name in self._gone and member.life.is_down:
            self._gone.remove(name)
            del members[name]

    def note(self, event: str, **values: Any) -> None:
        """Add a line to the journal; a full disk is no reason to leave a fleet alone."""
        try:
            self.journal.append(event, **values)
        except (OSError, DolphinError) as error:
            self.tell(f"the journal cannot be written, {event!r} is missing in it: {error}")

    def _spawn(self, member: Member, now_s: float) -> None:
        """Make a member's process, as the journal says by now who leads."""
        try:
            self._make(member, now_s)
        except (OSError, DolphinError) as error:
            member.life.could_not_begin(now_s, str(error))

    def _make(self, member: Member, now_s: float) -> None:
        service = self._services().get(member.service.name, member.service)
        if service.is_real and not self._live_orders:
            why = "it asks for real orders: start the fleet with --live-orders if you mean it"
            member.life.hold(why)
            return
        started_ns = time.time_ns()
        session = None
        if service.records:
            session = self.settings.fleet.folder / "sessions" / service.name / str(started_ns)
            make_folder(session.parent)
        note = {"started_ns": started_ns, "digest": service.digest}
        forks = self._starts.server_of(member)
        if member.spawn(now_s, service, self.settings.path.parent, session, note, forks):
            self.note(
                "started",
                name=service.name,
                pid=member.process.pid,
                digest=service.digest,
                real=service.is_real,
                session=None if session is None else str(session),
            )

    def start(self, name: str | None, *, is_promotion: bool) -> None:
        """Ask one member to run, or all.

        Raises
        ------
        DolphinError
            If it belongs to a pair whose promotion was interrupted, and does not lead it.

        """
        if name is None:
            self.want_all()
            return
        # Who leads may: what it has left open at the exchange, nobody else reads back.
        may = is_promotion or name in leaders(self.settings, self._lines()).values()
        why = "" if may else self._held(name)
        if why:
            msg = f"{name} is not started: {why}"
            raise DolphinError(msg)
        self.members[name].life.want()

    def restart(self, names: list[str]) -> None:
        """Stop and start members."""
        for name in names:
            member = self.members[name]
            if member.life.is_down:
                self.start(name, is_promotion=False)
            else:
                member.is_to_restart = True
                member.life.unwant()

    def reload(self, settings: FleetSettings, name: str | None) -> None:
        """Take the file anew: start what is new, stop what is gone, restart what changed."""
        self.settings = settings
        services = self._services()
        self._take_in()
        for one, member in self.members.items():
            if one not in services:
                if name in {None, one}:
                    member.life.unwant()
                    self._gone.append(one)
            elif name in {None, one} and services[one].digest != member.service.digest:
                member.service = services[one]
                if member.life.is_wanted:
                    self.restart([one])
            elif member.life.condition == "stopped" and name is None and not member.process.note:
                self.start(one, is_promotion=False)
        self.note("reloaded", name=name)

    def interrupted(self) -> list[str]:
        """Return a line for each change of a lead that is not done."""
        return interrupted(self.settings, self._lines())

    def rows(self) -> list[dict[str, Any]]:
        """Return what is to be known of each member, as JSON."""
        now_s = time.monotonic()
        found = leaders(self.settings, self._lines())
        roles = {node.name: node for node in self.settings.nodes if node.role}
        rows = []
        for name, member in self.members.items():
            node = roles.get(name)
            leads = node is not None and found.get(node.pair) == name
            role = "" if node is None else node.role
            rows.append({**member.row(now_s), "role": role, "leads": leads})
        return rows

    def _market_start(self, *, is_new: bool) -> int:
        """Return when the simulated market of this fleet began, UNIX nanoseconds."""
        fd = open_or_make(self.settings.fleet.run_folder / _MARKET)
        try:
            text = os.pread(fd, 32, 0).strip()
            if text.isdigit() and not is_new:
                return int(text)
            now_ns = time.time_ns()
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"%d\n" % now_ns, 0)
            return now_ns
        finally:
            os.close(fd)
