"""What the pages of console, portal and management API share; they are ordinary Starlette apps."""
