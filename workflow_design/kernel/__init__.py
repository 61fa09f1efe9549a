"""The heart of TicketFlower: what a definition says, whether it is right, and how a run goes on.

Pure Python without Django: usable alone, and the same code serves uploads, proofs, simulation and execution.
"""
