"""Questions over the store: references, walks upstream and downstream, folding."""
