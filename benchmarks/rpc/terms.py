"""What the token of `rpc` says: known to who makes it and to everybody who checks it."""

ISSUER = "https://issuer.example"
AUDIENCE = "greeter"
PERMISSION = "greeter.greet"
