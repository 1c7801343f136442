"""What text from outside becomes: Settings."""
