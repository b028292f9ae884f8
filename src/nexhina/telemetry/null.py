"""The twin that keeps nothing: for commands and tests without an operator who looks."""

from nexhina.domain.log import LogRow


class NullMetrics:
    """ports.Metrics that counts nothing."""

    def call_ended(self, row: LogRow) -> None:
        """Counts nothing."""

    def attempt_failed(self, provider: str, kind: str) -> None:
        """Counts nothing."""
