"""The HTTP edge: a sans-I/O server machine over llhttp, its Protocol, the router, the ASGI bridge."""
