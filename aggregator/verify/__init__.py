"""The rows of models on the embedded engine beside those on Google's reference engine, from a sample of their input."""
