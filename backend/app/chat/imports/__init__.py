"""Reads conversations out of files: the portal's own export, ChatGPT's and Open WebUI's. Nothing in them is run or fetched."""
