"""Which transport carries an attempt: the wire, as a task or not, or the sandbox in this process."""

from nexhina.ports import Body, Exchange, Limits, Target, Upstream
from nexhina.upstream.call import refuse
from nexhina.upstream.polled import PolledUpstream


class Transports:
    """Implements Upstream by the scheme of a target's origin."""

    def __init__(self, pool: Upstream, sandbox: Upstream | None = None) -> None:
        """`sandbox` None: this installation has none, and its channels can't be reached."""
        self._sends = {"https": pool.send, "http": pool.send}
        self._tasks = PolledUpstream(pool)
        if sandbox is not None:
            self._sends["sandbox"] = sandbox.send

    def send(self, target: Target, body: Body, limits: Limits, extra: bytes = b"") -> Exchange:
        """Starts an attempt; never raises."""
        if target.polling is not None:
            return self._tasks.send(target, body, limits, extra)
        scheme = target.origin.scheme
        send = self._sends.get(scheme)
        if send is None:
            return refuse(target, limits, f"this installation has no transport for {scheme}")
        return send(target, body, limits, extra)
