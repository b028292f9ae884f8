"""One pure module per wire format: what a request asks for, what an answer says, errors, streams."""
