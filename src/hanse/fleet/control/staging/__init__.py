"""What a deployment has control do: a pair that is judged, a group that takes over, a way back."""
