"""Who hears when a task fails: the owner, by connections that Airflow has."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aggregator.monitoring.webhook import escaped, post

if TYPE_CHECKING:
    from airflow.sdk import Connection, Context

_log = logging.getLogger(__name__)


class Alert:
    """A failure callback that tells the owner what failed, why, and what to do next.

    There is one message for each root cause: tasks that were never begun because one before them failed have no
    callback in Airflow, and models that were blocked within a task are named in the message of that task.
    """

    def __init__(self, connections: Sequence[str], owner: str) -> None:
        self.connections = list(connections)
        self.owner = owner

    def __call__(self, context: Context) -> None:
        """Tell them all; a message that can't be delivered is logged, and stops no other."""
        from aggregator.airflow.releases import connection  # noqa: PLC0415

        subject, text = message(context, self.owner)
        for name in self.connections:
            try:
                _send(connection(name), self.owner, subject, text)
            except Exception:  # noqa: BLE001  (an alert must not hide what it is about)
                _log.exception("the alert to the connection %s was not delivered", name)


def message(context: Context, owner: str) -> tuple[str, str]:
    """Subject and text."""
    instance, error = context["ti"], context.get("exception")
    subject = f"{instance.dag_id}: {instance.task_id} failed"
    lines = [
        subject,
        f"run: {instance.run_id}, attempt {instance.try_number}",
        f"cause: {error}",
        f"owner: {owner}",
        f"log: {instance.log_url}",
    ]
    return subject, "\n".join(lines)


def _send(connection: Connection, owner: str, subject: str, text: str) -> None:
    if connection.conn_type == "smtp":
        from airflow.providers.smtp.hooks.smtp import SmtpHook  # noqa: PLC0415

        with SmtpHook(smtp_conn_id=connection.conn_id) as hook:
            hook.send_email_smtp(to=owner, subject=subject, html_content=f"<pre>{escaped(text)}</pre>")
        return
    post(_webhook(connection), text)


def _webhook(connection: Connection) -> str:
    """The address of a Slack webhook; its secret part is the connection's password, as Airflow's provider has it."""
    base = connection.host or "https://hooks.slack.com/services"
    if "://" not in base:
        base = f"{connection.schema or 'https'}://{base}" + (f":{connection.port}" if connection.port else "")
    return f"{base.rstrip('/')}/{(connection.password or '').lstrip('/')}"
