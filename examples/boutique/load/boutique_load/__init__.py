"""Shoppers for the boutique: the published load mix, with every answer checked."""
