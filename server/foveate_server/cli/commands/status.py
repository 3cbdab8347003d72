"""`foveate status`: whether there is a server, and what it does."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from foveate_server.cli import options as shared

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "status", help="what the server does", description="What the server does. Does not start one."
    )
    parser.add_argument("--page", action="store_true", help="print a link to the status page, good for one minute")
    shared.add_output(parser)
    shared.add_connection(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Ask the server and print."""
    from foveate_server.cli.http_requests import base_url, request_json
    from foveate_server.cli.open_client import named_address
    from foveate_server.cli.progress_display import print_json, print_line
    from foveate_shared.connection.running_server import find_server

    address = named_address(options) or find_server()
    if options.page:
        link = base_url(address) + request_json(address, "POST", "/status/code")["path"]
        print_json({"page": link}) if options.json else print_line(link)
        return 0
    status = request_json(address, "GET", "/status.json")
    if options.json:
        print_json({"url": address.url} | status)
        return 0
    for line in _lines(address.url, status):
        print_line(line)
    return 0


def _lines(url: str, status: dict[str, Any]) -> list[str]:
    from foveate_server.config.parse_values import size_text

    jobs = status.get("jobs", [])
    lines = [
        f"server   {url}, version {status.get('version')}",
        f"device   {status.get('device')}, worker {status.get('worker')}",
        f"spool    {size_text(status.get('spool_bytes', 0))} of {size_text(status.get('spool_quota', 0))}",
        f"clients  {status.get('clients')}",
    ]
    for job in jobs:
        place = f", number {job['position']}" if job.get("position") else ""
        lines.append(f"job      {job['job']} {job['operation']}: {job['state']}{place}, {job.get('fraction', 0):.0%}")
    lines.extend(f"error    {error['message']}" for error in status.get("errors", []))
    lines.extend(
        f"package  {one['package']}: {one['name']} of {one['group']} is left out: {one['reason']}."
        for one in status.get("left_out", [])
    )
    return lines
