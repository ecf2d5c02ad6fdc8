"""WHO: people, enterprises, memberships, bankers, partners, consents."""
