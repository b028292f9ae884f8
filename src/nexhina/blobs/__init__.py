"""Media that answers link to: kept in the database for a while, served by signed links."""
