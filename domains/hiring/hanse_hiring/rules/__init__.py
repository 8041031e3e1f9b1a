"""What hiring decides: plain functions without a clock, chance, files or waiting."""
