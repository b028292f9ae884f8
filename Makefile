# filled by the tooling room
