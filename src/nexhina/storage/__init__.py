"""Where things last: SQL tables, the journal of money and the books behind it. The only room with SQL."""
