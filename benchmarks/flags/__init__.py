"""How long reading a flag takes, beside OpenFeature's client and its in-memory provider."""
