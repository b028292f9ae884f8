"""The command line: `nexhina …`. Subcommands are imported when they are called."""
