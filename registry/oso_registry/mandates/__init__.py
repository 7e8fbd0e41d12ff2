"""What boards let suppliers do for schools, and SWVs for themselves: mandates, delivery points."""
