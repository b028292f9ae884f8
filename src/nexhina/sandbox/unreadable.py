"""The one mistake of a caller that only a child can find: a file that can't be read."""


class UnreadableFile(ValueError):  # noqa: N818  (says what is the matter, not that something is)
    """Why; `code` as OpenAI names it, `place` among the order's files."""

    def __init__(self, message: str, code: str, place: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
