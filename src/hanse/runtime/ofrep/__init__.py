"""OFREP: flags told to programs outside, by the protocol of OpenFeature."""
