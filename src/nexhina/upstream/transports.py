"""Which transport carries an attempt: the wire, or the sandbox vendor inside this process."""

from nexhina.ports import Exchange, Limits, Target, Upstream
from nexhina.upstream.call import refuse


class Transports:
    """Implements Upstream by the scheme of a target's origin."""

    def __init__(self, pool: Upstream, sandbox: Upstream | None = None) -> None:
        """`sandbox` None: this installation has none, and its channels can't be reached."""
        self._sends = {"https": pool.send, "http": pool.send}
        if sandbox is not None:
            self._sends["sandbox"] = sandbox.send

    def send(
        self, target: Target, body: bytes | bytearray, limits: Limits, extra: bytes = b""
    ) -> Exchange:
        """Starts an attempt; never raises."""
        scheme = target.origin.scheme
        send = self._sends.get(scheme)
        if send is None:
            return refuse(target, limits, f"this installation has no transport for {scheme}")
        return send(target, body, limits, extra)
