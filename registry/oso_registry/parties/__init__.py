"""Who takes part: boards, schools, SWVs, regional initiatives, suppliers and their products."""
