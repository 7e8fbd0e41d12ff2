"""What boards let suppliers do for schools: mandates, and the delivery points that rest on them."""
