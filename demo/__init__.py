"""``make run``: the whole product on one machine, with an offers service to play with."""
