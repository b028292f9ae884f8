"""The web console. Today: the front page and the page that gives the owner a password."""
