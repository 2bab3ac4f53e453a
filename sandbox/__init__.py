"""A stand-in for the offers service, both generations, to develop and test against."""

from sandbox.app import create_sandbox
from sandbox.options import Options

__all__ = ["Options", "create_sandbox"]
