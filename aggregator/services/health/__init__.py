"""How the product is: what ``/readyz`` and ``flask doctor`` tell."""
