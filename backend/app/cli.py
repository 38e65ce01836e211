"""The command line. Imports what a command needs when it runs."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from app.errors import PortalError
from app.launch.errors import LaunchError
from app.launch.private import keeping_private


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; what went wrong is said in plain lines, never as a traceback."""
    options = _parser().parse_args(arguments)
    try:
        with keeping_private():
            return int(options.run(options))
    except (LaunchError, PortalError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal", description="Prompt Portal")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="start the portal (migrates the database first)"))
    check_port = commands.add_parser("check-port", help="say who has the portal's port, if anybody")
    check_port.add_argument("--host")
    check_port.add_argument("--port")
    check_port.set_defaults(run=_check_port)
    prepare = commands.add_parser("prepare", help="migrate the database and make the first admin")
    prepare.add_argument("--admin-email", metavar="EMAIL")
    prepare.set_defaults(run=_prepare)
    migrate = commands.add_parser("migrate", help="bring the database to the newest schema")
    migrate.set_defaults(run=_migrate)
    _add_care(commands)
    admin = commands.add_parser("admin", help="accounts").add_subparsers(required=True, metavar="ACTION")
    create = admin.add_parser("create-user", help="make an account with a one-time password")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--role", choices=("user", "operator", "admin"), default="user")
    create.set_defaults(run=_create_user)
    reset = admin.add_parser("reset-password", help="give an account a one-time password")
    reset.add_argument("email", metavar="EMAIL")
    reset.set_defaults(run=_reset_password)
    invite = admin.add_parser("invite", help="make an invitation code for REGISTRATION=invite")
    invite.add_argument("--role", choices=("user", "operator", "admin"), default="user")
    invite.add_argument("--days", type=int, default=7, help="how long it is good for (default 7)")
    invite.set_defaults(run=_invite)
    return parser


def _add_care(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser("backup", help="write one archive of everything, while the portal runs")
    backup.add_argument("file", metavar="FILE.tar.gz", type=Path)
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="put a backup in place (stop the portal first)")
    restore.add_argument("file", metavar="FILE.tar.gz", type=Path)
    restore.add_argument("--force", action="store_true", help="replace the database that is there")
    restore.set_defaults(run=_restore)
    rotate = commands.add_parser(
        "rotate-encryption",
        help="seal stored provider keys with the new ENCRYPTION_KEY, while the portal runs",
    )
    rotate.set_defaults(run=_rotate_encryption)
    doctor = commands.add_parser("doctor", help="check settings and surroundings, and say what to do")
    doctor.set_defaults(run=_doctor)


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--host", help="PORTAL_HOST: the address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", help="PORTAL_PORT: the port to listen on (default 8000)")
    serve.add_argument("--server", metavar="URL", help="LLM_SERVER_URL: a model server that already runs")
    serve.add_argument(
        "--model", metavar="FILE.gguf", help="LLM_MODEL_PATH: a model for the embedded llama.cpp"
    )
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    from app.launch.serve import say_to_stdout, serve
    from app.launch.settings import read_settings

    settings = read_settings(
        portal_host=options.host,
        portal_port=options.port,
        llm_server_url=options.server,
        llm_model_path=str(Path(options.model).expanduser().resolve()) if options.model else None,
    )
    if options.model and settings.llm_server_url:
        raise LaunchError(
            f"LLM_SERVER_URL={settings.llm_server_url} is set and would answer instead of --model; empty it"
        )
    return serve(settings, say=say_to_stdout)


def _check_port(options: argparse.Namespace) -> int:
    from app.launch.port import take_port
    from app.launch.settings import read_settings

    settings = read_settings(portal_host=options.host, portal_port=options.port)
    take_port(settings.portal_host, settings.portal_port).close()
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from app.launch.greeting import sign_in_lines
    from app.launch.prepare import prepare
    from app.launch.settings import read_settings

    admin = prepare(read_settings(), admin_email=options.admin_email)
    if admin is not None:
        print_lines(sign_in_lines(admin))
    return 0


def _migrate(_options: argparse.Namespace) -> int:
    from app.launch.prepare import migrate
    from app.launch.settings import read_settings

    migrate(read_settings())
    return 0


def _create_user(options: argparse.Namespace) -> int:
    from app.launch.accounts import create_user

    return _print_password(options.email, asyncio.run(create_user(options.email, options.role)))


def _reset_password(options: argparse.Namespace) -> int:
    from app.launch.accounts import reset_password

    return _print_password(options.email, asyncio.run(reset_password(options.email)))


def _invite(options: argparse.Namespace) -> int:
    from app.launch.accounts import invite

    if not 1 <= options.days <= 365:
        raise LaunchError("--days must be between 1 and 365")
    code = asyncio.run(invite(options.role, options.days))
    print_lines([f"Invitation code, good for one registration within {options.days} days:  {code}"])
    return 0


def _backup(options: argparse.Namespace) -> int:
    from app.launch.settings import read_settings
    from app.ops.backup import write_backup

    made = write_backup(read_settings(), options.file.absolute())
    print_lines([f"{options.file}: {made['database']}, schema {made['revision']}, {made['bytes']} bytes"])
    return 0


def _restore(options: argparse.Namespace) -> int:
    from app.launch.settings import read_settings
    from app.ops.backup import restore_backup

    found = restore_backup(read_settings(), options.file.absolute(), is_forced=options.force)
    print_lines([f"Restored what portal {found['portal']} wrote on {found['created_at']}."])
    return 0


def _rotate_encryption(_options: argparse.Namespace) -> int:
    from app.launch.settings import read_settings
    from app.ops.encryption import rotate

    done = rotate(read_settings())
    print_lines([f"{done.sealed_anew} keys are sealed with ENCRYPTION_KEY now."])
    if done.unreadable:
        names = ", ".join(done.unreadable)
        raise LaunchError(f"Neither key opens those of {names}: enter them again in the page.")
    return 0


def _doctor(_options: argparse.Namespace) -> int:
    from app.launch.settings import read_settings
    from app.ops.doctor import examine

    has_failed = False
    for check in examine(read_settings()):
        print_lines([str(check)])
        has_failed = has_failed or check.verdict == "FAIL"
    return int(has_failed)


def _print_password(email: str, password: str) -> int:
    print_lines([f"{email} signs in with the one-time password  {password}  (shown only now)"])
    return 0


def print_lines(lines: list[str]) -> None:
    """Write lines for the person at the terminal."""
    sys.stdout.write("\n".join(lines) + "\n")
