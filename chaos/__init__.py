"""`make chaos`: tickets run while PostgreSQL, web servers and workers are killed; then everything is counted.

docs/chaos.md tells what is done and what must hold.
"""
