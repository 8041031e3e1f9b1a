"""The careers site: what a person sees of hiring, in any browser, with scripts or without."""
