"""Keys, sealed secrets, passwords and the permission table. Pure: chance comes in as an argument."""
