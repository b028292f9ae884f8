"""The composition root: settings → stores → services → servers. The one room that knows every other.

Read `product.py` first: it opens the parts bottom up. `routes.py` says what serves each path.
"""
