"""The public request and answer bodies under the names that the documentation site gives them."""
