"""The benchmark `workflows.scale`: what it costs that many workflows sleep."""
