"""Work that no caller waits for, one file each."""
