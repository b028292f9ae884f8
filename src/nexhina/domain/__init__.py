"""The nouns of the platform as plain frozen values. They know no SQL, no HTTP, no clock."""
