"""What costs time at import is imported when it is used."""

import subprocess
import sys


def test_importing_these_rooms_loads_no_cipher_no_password_library_and_no_metrics_client() -> None:
    rooms = (
        "nexhina.identity.key, nexhina.identity.sealing, nexhina.identity.password, "
        "nexhina.identity.permission, nexhina.telemetry.metrics, nexhina.telemetry.prometheus, "
        "nexhina.blobs.serve, nexhina.blobs.shelf, nexhina.billing.tariff"
    )
    script = (
        f"import {rooms}, sys; "
        "print([name for name in ('cryptography', 'argon2', 'prometheus_client', 'sqlalchemy') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
