"""The call of the documentation site's page "Generate Image", word for word."""

# Empty values ("X-Request-Id;") are
# how cURL sends a header without one.
SEED = """\
curl --location '/v1/images/generations' \\
--header 'X-Request-Id;' \\
--header 'X-Tenant-Id;' \\
--header 'X-Channel;' \\
--header 'Authorization: Bearer <token>' \\
--header 'Content-Type: application/json' \\
--data '{
    "model": "wanx-v2",
    "prompt": "Futuristic technology city",
    "size": "1024x1024",
    "quality": "high",
    "n": 1
}'"""
