"""What every request and every answer goes through, whichever view it is for."""
