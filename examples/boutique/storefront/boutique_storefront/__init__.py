"""The boutique's storefront: everything a person sees of the shop."""
