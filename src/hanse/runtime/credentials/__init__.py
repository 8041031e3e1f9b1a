"""How callers prove who they are: signed tokens, key sets, API keys."""
