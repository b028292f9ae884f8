"""The media store of an installation, opened alike by the server and by a command without one."""

from nexhina.blobs.index import DatabaseIndex
from nexhina.blobs.link import LinkSigner
from nexhina.blobs.places import open_shelf
from nexhina.blobs.store import BlobStore
from nexhina.blobs.writer import Keeping
from nexhina.errors import StartError
from nexhina.identity.sealing import derive_key
from nexhina.services.workspace import Workspace
from nexhina.storage import blob

MIB = 1024 * 1024


def open_media(workspace: Workspace, keeping: Keeping | None = None) -> BlobStore:
    """The store where the setting `blob_url` says; raises StartError.

    `keeping`: in the place of what the settings say.
    """
    settings = workspace.settings
    return BlobStore(
        DatabaseIndex(workspace.database, blob),
        open_shelf(settings.blob_url, workspace.database, blob),
        LinkSigner(derive_key(workspace.master, "media")),
        workspace.clock,
        workspace.entropy,
        keeping
        or Keeping(
            keep=settings.media_ttl_h * 3600.0,
            link=settings.media_ttl_h * 3600.0,
            quota=settings.media_quota_mib * MIB or None,
        ),
    )


async def try_media(workspace: Workspace, tenant_id: int) -> str:
    """Where media lie, once a file was written there, read and removed.

    Raises StartError, and what the place itself raises.
    """
    store = open_media(workspace, Keeping(keep=60.0, quota=None))
    name = await store.put(tenant_id, "text/plain", _SAMPLE)
    try:
        found = await store.get(name)
    finally:
        await store.remove(name)
    if found is None or found.data != _SAMPLE:
        raise StartError("what was written there does not come back as it was.")
    return store.shelf.where


_SAMPLE = b"nexhina doctor\n"
