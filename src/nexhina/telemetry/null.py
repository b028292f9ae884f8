"""The twin that keeps nothing: for commands and tests without an operator who looks."""

from collections.abc import Callable

from nexhina.domain.log import LogRow


class NullMetrics:
    """ports.Metrics that counts nothing."""

    def call_ended(self, row: LogRow) -> None:
        """Counts nothing."""

    def alike(self, row: LogRow) -> Callable[[LogRow], None]:  # noqa: ARG002  (ports.Metrics)
        """Counts nothing either."""
        return self.call_ended

    def attempt_failed(self, provider: str, kind: str) -> None:
        """Counts nothing."""
