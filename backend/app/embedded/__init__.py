"""The embedded llama.cpp server: a supervised child process."""
