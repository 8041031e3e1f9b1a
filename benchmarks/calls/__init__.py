"""A calls B and answers with B's answer: what a call between two services costs."""
